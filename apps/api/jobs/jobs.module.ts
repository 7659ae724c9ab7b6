import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ScheduledJobs } from './scheduled-jobs';

@Module({ imports: [ScheduleModule.forRoot()], providers: [ScheduledJobs] })
export class JobsModule {}
