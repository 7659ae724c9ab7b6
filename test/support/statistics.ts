import type { Redis } from 'ioredis';
import { endsAtMs } from '../../libs/session/session';
import { decodeEntry } from '../../libs/session/store/session-entry';
import type { SessionStatistics } from '../../libs/statistics';

const MINUTE_MS = 60_000;

/**
 * Counts the entries of Redis key by key: those of the epoch of the checkpoint, until
 * the minute of its expiry ends.
 */
export async function bruteForceStatistics(
  redis: Redis,
  nowMs: number,
): Promise<SessionStatistics> {
  const thisMinuteMs = nowMs - (nowMs % MINUTE_MS);
  const epoch = (await redis.get('latchkey:checkpoint'))?.split('|')[0];
  const found = { activeSessions: 0, cachedProfiles: 0, blacklistedTokens: 0 };
  for (const key of await redis.keys('*')) {
    const expiresAtMs = await redis.pexpiretime(key);
    if (key.startsWith('session:')) {
      const user = await redis.hget(key, '#');
      const entries = (await redis.hvals(key)).filter((value) => value !== user);
      const expiries = entries.map((entry) => endsAtMs(decodeEntry('', '', entry)));
      if (user?.startsWith(`${epoch}|`)) {
        found.activeSessions += expiries.filter((expiryMs) => expiryMs >= thisMinuteMs).length;
      }
    } else if (key.startsWith('user:profile:') && expiresAtMs >= thisMinuteMs) {
      // A fence and a lease hold no profile.
      const entry = (await redis.get(key)) ?? '';
      found.cachedProfiles += /^(\d+):\d+:1\[.*\]$/.exec(entry)?.[1] === epoch ? 1 : 0;
    } else if (key.startsWith('blacklist:') && expiresAtMs >= thisMinuteMs) {
      found.blacklistedTokens += 1;
    }
  }
  return found;
}
