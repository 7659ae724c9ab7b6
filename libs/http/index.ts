export type { AuthenticatedRequest } from './authenticated-request';
export { CurrentSession, Public, ReadsProfile, RequiresRole } from './decorators';
export { GuardModule } from './guard.module';
export { ProblemFilter } from './problem.filter';
export { bearerChallenge, describe, PROBLEMS, type Problem } from './problems';
