import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { JobRunner } from '#libs/jobs';
import { CLEAN_UP, CleanUp, type CleanedUp } from '../../clean-up';
import { untilRedisAnswers, withApplication } from '../application';
import { print, type OutputOptions } from '../output';
import { jsonOption } from './json-option';

const BUSY_POLL_MS = 1000;

export function addCleanUp(program: Command): void {
  program
    .command('clean-up')
    .summary('delete what nobody needs any more, and count again what lives in Redis')
    .description(
      'Delete the records of sessions whose life ended more than 30 days ago, files of avatars that no ' +
        'profile has shown for an hour, security events older than AUDIT_RETENTION, and members in Redis ' +
        'that have expired; then count again what lives in Redis. In small steps, safe beside running servers, which do it every hour. Waits for ' +
        'a clean-up that is under way.',
    )
    .addOption(jsonOption())
    .action(cleanUp);
}

async function cleanUp(options: OutputOptions): Promise<void> {
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
