import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type JobOutcome = 'succeeded' | 'failed';

/** Scheduled jobs. Label values come from the code, never from data. Prometheus reserves the label `job`. */
export class JobMetrics {
  private readonly runs: Counter;
  private readonly durations: Histogram;
  private readonly removals: Counter;
  private readonly lastSuccess: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.runs = new Counter({
      name: 'latchkey_job_runs_total',
      help: 'Runs of a job on this instance, by outcome.',
      labelNames: ['job_name', 'outcome'],
      registers,
    });
    this.durations = new Histogram({
      name: 'latchkey_job_duration_seconds',
      help: 'Duration of the runs of a job, of any outcome.',
      labelNames: ['job_name'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900],
      registers,
    });
    this.removals = new Counter({
      name: 'latchkey_job_removed_total',
      help: 'Items that a job removed, by kind.',
      labelNames: ['job_name', 'what'],
      registers,
    });
    this.lastSuccess = new Gauge({
      name: 'latchkey_job_last_success_timestamp_seconds',
      help: 'Time of the last successful run of a job on this instance; absent before the first.',
      labelNames: ['job_name'],
      registers,
    });
  }

  /** Exports the runs of a job, from 0: an alert then sees a job that never runs. */
  expect(job: string): void {
    this.runs.labels(job, 'succeeded').inc(0);
    this.runs.labels(job, 'failed').inc(0);
  }

  /** Counts a run. A skipped tick, because another instance runs the job, is no run. */
  ran(job: string, outcome: JobOutcome, durationMs: number): void {
    this.runs.labels(job, outcome).inc();
    this.durations.labels(job).observe(durationMs / 1000);
    if (outcome === 'succeeded') {
      this.lastSuccess.labels(job).setToCurrentTime();
    }
  }

  /** @param what in the plural: `sessions`, `avatar_files`. */
  removed(job: string, what: string, count: number): void {
    this.removals.labels(job, what).inc(count);
  }
}
