export { createClient, type ClientOptions, type LatchkeyClient, type SignedIn } from './client.js';
export {
  ApiError,
  LatchkeyError,
  NetworkError,
  TimeoutError,
  type ErrorCode,
  type FieldProblem,
} from './errors.js';
export {
  localStorageTokens,
  memoryTokens,
  type Tokens,
  type TokenStorage,
} from './token-storage.js';
export type { SignedOutReason } from './session-tokens.js';
export type { CallInput, CallOptions, OperationId, RequestBody, ResponseBody } from './calls.js';
export type { Answer } from './exchange.js';
export type { components, operations, paths } from './api-types.js';
