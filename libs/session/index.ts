export { SessionChanger } from './change/session-changer';
export { deviceName } from './device-name';
export { SessionOpener, type OpenedSession, type OpenSession } from './open/session-opener';
export { formatRefreshToken, type RefreshToken } from './refresh/refresh-token';
export { SessionRefresher } from './refresh/session-refresher';
export { EveryoneRevoker } from './revoke/everyone-revoker';
export { revocationOf, type Revocation } from './revoke/revocations';
export { SessionRevoker } from './revoke/session-revoker';
export { UserSessionRevoker, type RevokeAllOptions } from './revoke/user-session-revoker';
export type { DatedSession, EndReason, RecordedSession, Session } from './session';
export {
  MAX_ATTRIBUTES_BYTES,
  parseAttributes,
  type AttributeValue,
  type SessionAttributes,
} from './session-attributes';
export { SessionCleanUp, type DeletedSessions } from './session-clean-up';
export { SessionList } from './session-list';
export {
  RefreshTokenInvalidError,
  SessionExpiredError,
  SessionNotFoundError,
  SessionRevokedError,
  SessionsRevokedError,
} from './session.errors';
export { SessionModule } from './session.module';
export { SessionOptions, type NearCacheOptions } from './session.options';
export { RefreshTokenEntity } from './store/refresh-token.entity';
export type { GenuineToken, Rotation } from './store/refresh-token.repository';
export { SessionEntity } from './store/session.entity';
export type { SessionCursor } from './store/session.repository';
export { SubjectEntity } from './store/subject.entity';
export { SessionVerifier, type VerifiedSession } from './verify/session-verifier';
