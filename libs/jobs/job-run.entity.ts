import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What became of a job that was due: one row for each tick, whichever instance saw to it. */
@Entity('job_runs')
@Index('ix_job_runs_tick', ['tick'])
export class JobRunEntity {
  @PrimaryColumn({
    type: 'character varying',
    length: 64,
    primaryKeyConstraintName: 'pk_job_runs',
  })
  job!: string;

  /** When it was due. */
  @PrimaryColumn({
    type: 'timestamp with time zone',
    precision: 3,
    primaryKeyConstraintName: 'pk_job_runs',
  })
  tick!: Date;

  /** More than one: those before were broken off. */
  @Column({ type: 'integer' })
  attempts!: number;

  /** Host and process that began the latest attempt. */
  @Column({ type: 'text' })
  instance!: string;

  @Column({ name: 'started_at', type: 'timestamp with time zone', precision: 3 })
  startedAt!: Date;

  /** Null while it is under way, and when it was broken off. */
  @Column({ name: 'finished_at', type: 'timestamp with time zone', precision: 3, nullable: true })
  finishedAt!: Date | null;

  @Column({ type: 'character varying', length: 16, nullable: true })
  outcome!: 'succeeded' | 'failed' | null;

  /** What it did; of a failure, why. */
  @Column({ type: 'jsonb', nullable: true })
  details!: Record<string, unknown> | null;
}
