export { bearerTokenOf } from './bearer-token.js';
export {
  TokenExpiredError,
  TokenInvalidError,
  TokenMissingError,
  TokenRevokedError,
  VerifierError,
  VerifierUnavailableError,
  type VerifierErrorCode,
} from './errors.js';
export type { VerifierEvent } from './events.js';
export { createVerifier } from './latchkey-verifier.js';
export type { VerifierOptions } from './options.js';
export { problemOf, type Problem } from './problem.js';
export type { TokenClaims, VerifiedSession } from './session.js';
export type { Verifier } from './verifier.js';
