export type { AuthenticatedRequest } from './authenticated-request';
export {
  CurrentSession,
  Public,
  ReadsProfile,
  RepeatsRevocation,
  RequiresRole,
  sessionOf,
} from './decorators';
export { JWT_SESSION_STRATEGY } from './jwt-session.strategy';
export { GuardModule } from './guard.module';
export { ProblemFilter } from './problem.filter';
export { bearerChallenge, describe, PROBLEMS, type Problem } from './problems';
