// @ts-check
import { progressBar } from './progress.mjs';

export const SESSIONS_A_USER = 2;
const USERS_AT_ONCE = 5_000;
const OPENED_AT_ONCE = 2_000;

/**
 * Users with their sessions and refresh tokens. Expiries are spread as after a day of sign-ins; none is near. `$1`
 * users, `$2` hash of all passwords, `$3` now, `$4` sessions per user.
 */
const INSERT = `
  WITH fresh AS MATERIALIZED (SELECT gen_random_uuid() AS id FROM generate_series(1, $1::int)),
  new_users AS (
    INSERT INTO users (id, email, password_hash, display_name, created_at, updated_at)
    SELECT id, id || '@example.com', $2, 'Somebody', $3, $3 FROM fresh),
  new_subjects AS (INSERT INTO subjects (user_id, generation) SELECT id, 1 FROM fresh),
  opened AS (
    INSERT INTO sessions (id, user_id, generation, role, created_at, last_seen_at, expires_at, user_agent)
    SELECT gen_random_uuid(), id, 1, 'user', $3, $3,
           $3::timestamptz + interval '1 hour' + floor(random() * 82800000) * interval '1 millisecond',
           'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
      FROM fresh, generate_series(1, $4::int)
    RETURNING id, user_id, expires_at),
  tokens AS (
    INSERT INTO refresh_tokens (id, session_id, secret_hash, issued_at)
    SELECT id, id, sha256(uuid_send(id) || uuid_send(id)), $3 FROM opened)
  SELECT id, user_id AS "userId", expires_at AS "expiresAt" FROM opened`;

/** @typedef {{ id: string, userId: string, expiresAtMs: number }} SeededSession */

/** The refresh token of a seeded session. @param {SeededSession} session */
export function seededRefreshToken({ id }) {
  const half = id.replaceAll('-', '');
  return `${id}.${Buffer.from(half + half, 'hex').toString('base64url')}`;
}

/** A growing population of users and sessions, in both stores; in Redis through the product's own script. */
export class Population {
  #stores;
  #passwordHash;
  sessions = 0;
  /** Some of the sessions, each of another user. @type {SeededSession[]} */
  sample = [];

  /**
   * @param {{ sql: import('pg').Client, store: import('./session-store.mjs').SessionStore,
   *   redis: import('../harness/redis-servers.mjs').RedisServers }} stores
   * @param {string} passwordHash of every user
   */
  constructor(stores, passwordHash) {
    this.#stores = stores;
    this.#passwordHash = passwordHash;
  }

  /**
   * @param {number} size sessions that there shall be
   * @param {number} sampleSize sessions to remember
   * @param {AbortSignal} signal
   */
  async growTo(size, sampleSize, signal) {
    const { sql, redis } = this.#stores;
    const epochs = await Promise.all(
      redis.keys.allPartitions().map(async (partition) => {
        const key = redis.keys.checkpoint(partition);
        return (await redis.clientOf(key).get(key))?.split('|')[0] ?? '';
      }),
    );
    const bar = progressBar('seeding sessions', size);
    const begun = this.sessions;
    this.sample = [];
    while (this.sessions < size) {
      signal.throwIfAborted();
      const users = Math.min(USERS_AT_ONCE, Math.ceil((size - this.sessions) / SESSIONS_A_USER));
      const added = await this.#insert(users);
      await this.#open(added, epochs);
      this.sessions += added.length;
      const share = added.length / (size - begun);
      this.#remember(added, Math.ceil(sampleSize * share));
      bar.show(this.sessions);
    }
    // So that autovacuum has nothing to do during the measurement.
    await sql.query('VACUUM ANALYZE users, subjects, sessions, refresh_tokens');
  }

  /** @param {number} users @returns {Promise<SeededSession[]>} */
  async #insert(users) {
    const values = [users, this.#passwordHash, new Date(), SESSIONS_A_USER];
    const { rows } = await this.#stores.sql.query(INSERT, values);
    return rows.map(({ id, userId, expiresAt }) => ({
      id,
      userId,
      expiresAtMs: expiresAt.getTime(),
    }));
  }

  /**
   * @param {SeededSession[]} sessions
   * @param {string[]} epochs of the partitions
   */
  async #open(sessions, epochs) {
    const nowMs = Date.now();
    const { redis, store } = this.#stores;
    const leaseOf = (/** @type {string} */ userId) => ({
      epoch: epochs[redis.keys.partitionOf(userId)] ?? '',
      writeUntilMs: Number.MAX_SAFE_INTEGER,
    });
    for (let start = 0; start < sessions.length; start += OPENED_AT_ONCE) {
      const outcomes = await Promise.all(
        sessions
          .slice(start, start + OPENED_AT_ONCE)
          .map((session) =>
            store.open({ ...session, role: 'user', generation: 1 }, leaseOf(session.userId), nowMs),
          ),
      );
      if (outcomes.some((outcome) => outcome !== 'opened')) {
        throw new Error('a session was not opened: another epoch has begun');
      }
    }
  }

  /**
   * @param {SeededSession[]} sessions
   * @param {number} count
   */
  #remember(sessions, count) {
    const ofEachUser = new Map(sessions.map((session) => [session.userId, session]));
    this.sample.push(...[...ofEachUser.values()].slice(0, count));
  }
}
