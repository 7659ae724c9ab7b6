export { JobRunner, type JobRun, type JobWork } from './job-runner';
export type { JobTick } from './job-run.store';
export { JobsModule } from './jobs.module';
