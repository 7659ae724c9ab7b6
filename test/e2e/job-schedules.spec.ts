import { SchedulerRegistry } from '@nestjs/schedule';
import { startTestApp, type TestApp } from '../support/app';
import { Scrape } from '../support/metrics';

describe('the schedules of the jobs', () => {
  let app: TestApp;

  afterEach(async () => {
    await app.close();
  });

  /** Of the active jobs: the minutes and seconds at which they run next. */
  function nextTicks(): Record<string, string[]> {
    const jobs = [...app.nest.get(SchedulerRegistry).getCronJobs()];
    return Object.fromEntries(
      jobs
        .filter(([, job]) => job.isActive)
        .map(([name, job]) => [name, job.nextDates(12).map((date) => date.toFormat('mm:ss'))]),
    );
  }

  /** Names of the jobs whose runs are exported. Alerts depend on them. */
  async function watched(): Promise<string[]> {
    const runs = (await Scrape.of(app.http.origin)).find('latchkey_job_runs_total');
    return [...new Set(runs.map(({ labels }) => labels.job_name ?? ''))].sort();
  }

  it('are every hour and every five minutes by default', async () => {
    app = await startTestApp({ env: { JOBS_ENABLED: 'true' } });
    const ticks = nextTicks();
    expect(ticks['clean-up']).toEqual(Array(12).fill('00:00'));
    expect([...ticks['redis-check']!].sort()).toEqual(
      Array.from({ length: 12 }, (_, index) => `${String(5 * index).padStart(2, '0')}:00`),
    );
    expect(await watched()).toEqual(['clean-up', 'redis-check']);
  });

  it('are those of the settings, in UTC', async () => {
    app = await startTestApp({
      env: { JOBS_ENABLED: 'true', CLEAN_UP_CRON: '30 3 * * *', REDIS_CHECK_CRON: 'off' },
    });
    expect(Object.keys(nextTicks())).toEqual(['clean-up']);
    const next = app.nest.get(SchedulerRegistry).getCronJob('clean-up').nextDate().toJSDate();
    expect(next.toISOString()).toMatch(/T03:30:00.000Z$/);
    expect(await watched()).toEqual(['clean-up']);
  });

  it('are empty with JOBS_ENABLED=false', async () => {
    app = await startTestApp({ env: { JOBS_ENABLED: 'false', CLEAN_UP_CRON: '* * * * *' } });
    expect(nextTicks()).toEqual({});
    expect(await watched()).toEqual([]);
  });
});
