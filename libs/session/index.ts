export { formatRefreshToken, type RefreshToken } from './refresh-token';
export {
  RefreshTokenInvalidError,
  SessionExpiredError,
  SessionNotFoundError,
  SessionRevokedError,
  SessionsRevokedError,
} from './session.errors';
export { SessionCleanUp, type DeletedSessions } from './session-clean-up';
export { SessionModule } from './session.module';
export { SessionOptions, type NearCacheOptions } from './session.options';
export {
  SessionService,
  type OpenedSession,
  type OpenSession,
  type RevokeAllOptions,
  type VerifiedSession,
} from './session.service';
export type {
  ClientDetails,
  DatedSession,
  RecordedSession,
  RevocationReason,
  Session,
} from './session';
export { RefreshTokenEntity } from './store/refresh-token.entity';
export type { GenuineToken, Rotation } from './store/refresh-token.store';
export { SessionEntity } from './store/session.entity';
export type { SessionCursor } from './store/session-record.store';
export { SubjectEntity } from './store/subject.entity';
