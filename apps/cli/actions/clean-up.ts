import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Database } from '#libs/database';
import { CLEAN_UP, CleanUp, type CleanedUp } from '#libs/maintenance';
import { untilRedisAnswers, withApplication } from '../application';
import { print, type OutputOptions } from '../output';

const BUSY_POLL_MS = 1000;

/** A clean-up and its duration, without the wait for another one. */
interface TimedCleanUp extends CleanedUp {
  durationMs: number;
}

export async function cleanUp(options: OutputOptions): Promise<void> {
  const cleanedUp = await withApplication(async (app) => {
    // Without Redis the other steps still run.
    await untilRedisAnswers(app).catch(() => undefined);
    return runAlone(app);
  });
  const text =
    `Session records deleted: ${cleanedUp.deletedSessions}.\n` +
    `Used refresh tokens deleted: ${cleanedUp.deletedRefreshTokens}.\n` +
    `Files of avatars removed: ${cleanedUp.removedAvatarFiles}.\n` +
    `Audit events deleted: ${cleanedUp.deletedAuditEvents}.\n` +
    `Expired invitations deleted: ${cleanedUp.deletedInvitations}.\n` +
    `Expired sessions removed from Redis: ${cleanedUp.removedRedisSessions}.\n` +
    `Duration: ${cleanedUp.durationMs} ms.`;
  print({ text, data: { ...cleanedUp } }, options);
}

async function runAlone(app: INestApplicationContext): Promise<TimedCleanUp> {
  for (;;) {
    const held = await app.get(Database).exclusively(CLEAN_UP, async (signal) => {
      const beganMs = performance.now();
      const cleanedUp = await app.get(CleanUp).run(signal);
      return { ...cleanedUp, durationMs: Math.round(performance.now() - beganMs) };
    });
    if (held) {
      return held.result;
    }
    process.stderr.write('Another clean-up is in progress; waiting for its end.\n');
    await pause(BUSY_POLL_MS);
  }
}
