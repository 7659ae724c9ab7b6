export { SessionExpiredError, SessionRevokedError, SessionsRevokedError } from './session.errors';
export { SessionModule } from './session.module';
export { SessionOptions } from './session.options';
export {
  SessionService,
  type OpenSession,
  type RevokeAllOptions,
  type VerifiedSession,
} from './session.service';
export type { ClientDetails, RevocationReason, Session } from './session';
export { SessionEntity } from './store/session.entity';
export { SubjectEntity } from './store/subject.entity';
