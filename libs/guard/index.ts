export { GuardModule } from './guard.module';
export { CurrentSession, Public, ReadsProfile } from './decorators';
export type { AuthenticatedRequest } from './authenticated-request';
