import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { JobRunner } from '#libs/jobs';
import { CLEAN_UP, CleanUp, type CleanedUp } from '../../clean-up';
import { untilRedisAnswers, withApplication } from '../application';
import { print, type OutputOptions } from '../output';

const BUSY_POLL_MS = 1000;

export async function cleanUp(options: OutputOptions): Promise<void> {
  const cleanedUp = await withApplication(async (app) => {
    // Without Redis the rest is still done.
    await untilRedisAnswers(app).catch(() => undefined);
    return runAlone(app);
  });
  const { drift } = cleanedUp;
  const { activeSessions, cachedProfiles, blacklistedTokens } = drift;
  const wrong = [activeSessions, cachedProfiles, blacklistedTokens]
    .map(Math.abs)
    .reduce((sum, count) => sum + count);
  const text =
    `Session records deleted: ${cleanedUp.deletedSessions}.\n` +
    `Used refresh tokens deleted: ${cleanedUp.deletedRefreshTokens}.\n` +
    `Files of avatars removed: ${cleanedUp.removedAvatarFiles}.\n` +
    `Security events deleted: ${cleanedUp.deletedAuditEvents}.\n` +
    `Members in Redis removed: ${cleanedUp.removedMembers}.\n` +
    `Records of job runs deleted: ${cleanedUp.forgottenJobRuns}.\n` +
    `Statistics corrected by: ${wrong}.`;
  print({ text, data: { ...cleanedUp } }, options);
}

async function runAlone(app: INestApplicationContext): Promise<CleanedUp> {
  const asked = { job: CLEAN_UP, tick: new Date() };
  for (;;) {
    const run = await app.get(JobRunner).run(asked, (signal) => app.get(CleanUp).run(signal));
    if (run.state === 'succeeded') {
      return run.result;
    }
    process.stderr.write('Another clean-up is under way; waiting for it to end.\n');
    await pause(BUSY_POLL_MS);
  }
}
