export { sessionOf } from '../request-session.js';
export { CurrentSession } from './current-session.js';
export { LATCHKEY_VERIFIER } from './tokens.js';
export { LatchkeyVerifierModule, type AsyncVerifierOptions } from './latchkey-verifier-module.js';
export { SessionGuard } from './session-guard.js';
export { SessionSockets } from './session-sockets.js';
export { VerifierErrorFilter } from './verifier-error-filter.js';
