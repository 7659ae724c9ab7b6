export type { AuthenticatedRequest } from './authenticated-request';
export {
  AmbiguousCookieError,
  CrossSiteRequestError,
  SessionCookiesMissingError,
} from './cookies/cookie.errors';
export type { CookieRequest } from './cookies/request-source';
export { SessionCookies, type CookieTokens } from './cookies/session-cookies';
export { SessionCookiesModule } from './cookies/session-cookies.module';
export { SessionCookieOptions } from './cookies/session-cookies.options';
export {
  CurrentSession,
  Public,
  ReadsProfile,
  RepeatsRevocation,
  RequiresRecentAuth,
  RequiresRole,
  sessionOf,
} from './decorators';
export { entityTagsIn, isKnown, type EntityTag } from './entity-tag';
export { countFields, refuseManyFields } from './input/field-errors';
export {
  ACCOUNT_REASON,
  BIO,
  DISPLAY_NAME,
  IsHumanText,
  maxCodeUnits,
  type HumanText,
} from './input/human-text';
export { IdPipe, parseId } from './input/id.pipe';
export { instantProblem, IsFutureInstant } from './input/instant';
export { MalformedJsonError, parseJson } from './input/json';
export {
  DEFAULT_PAGE_SIZE,
  MalformedCursorError,
  MAX_PAGE_SIZE,
  parsePageCursor,
  toPage,
  type PageCursor,
} from './input/page-cursor';
export {
  IsEmailAddress,
  IsNewPassword,
  IsPresentedPassword,
  IsStorableText,
  MAX_PRESENTED_PASSWORD_BYTES,
  NEW_PASSWORD,
  PRESENTED_PASSWORD,
} from './input/text.validators';
export { BODY_MAY_BE_ABSENT, BodyValidationPipe } from './input/validation.pipe';
export { JWT_SESSION_STRATEGY } from './jwt-session.strategy';
export { GuardModule } from './guard.module';
export { ProblemFilter } from './problem.filter';
export { bearerChallenge, describe, PROBLEMS, type Problem } from './problems';
