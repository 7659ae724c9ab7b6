import { CronTime } from 'cron';
import { lastTick } from './last-tick';

describe('the tick that was last due', () => {
  const hourly = new CronTime('0 * * * *', 'UTC');

  it.each([
    ['at the very instant', '2026-03-29T12:00:00.000Z'],
    ['a little late', '2026-03-29T12:00:01.250Z'],
    ['a minute late', '2026-03-29T12:00:59.999Z'],
  ])('is the hour, %s', (_when, now) => {
    expect(lastTick(hourly, new Date(now)).toISOString()).toBe('2026-03-29T12:00:00.000Z');
  });

  it('is the latest of several', () => {
    const everySecond = new CronTime('* * * * * *', 'UTC');
    const now = new Date('2026-03-29T12:00:05.500Z');
    expect(lastTick(everySecond, now).toISOString()).toBe('2026-03-29T12:00:05.000Z');
  });
});
