import type { CronTime } from 'cron';

/** Longer than any process is late for a tick, and than a leap of its clock that still counts. */
const LOOK_BACK_MS = 120_000;

/**
 * The instant of a schedule that was last due. Instances that are late by different amounts, or whose
 * clocks differ, name the same one.
 */
export function lastTick(schedule: CronTime, now: Date): Date {
  let last = now;
  let next = schedule.getNextDateFrom(new Date(now.getTime() - LOOK_BACK_MS)).toJSDate();
  while (next <= now) {
    last = next;
    next = schedule.getNextDateFrom(next).toJSDate();
  }
  return last;
}
