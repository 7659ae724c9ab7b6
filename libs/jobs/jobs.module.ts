import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClockModule } from '#libs/common';
import { JobRunEntity } from './job-run.entity';
import { JobRunStore } from './job-run.store';
import { JobRunner } from './job-runner';

/** Needs `DatabaseModule` in the application. */
@Module({
  imports: [ClockModule, TypeOrmModule.forFeature([JobRunEntity])],
  providers: [JobRunStore, JobRunner],
  exports: [JobRunner],
})
export class JobsModule {}
