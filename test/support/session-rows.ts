import { randomUUID } from 'node:crypto';
import type { TestDatabase } from './stores';

const DAY_MS = 86_400_000;

/** Records of sessions of a user who has signed in, in Postgres alone. @returns their ids. */
export async function insertSessions(
  { sql }: Pick<TestDatabase, 'sql'>,
  userId: string,
  count: number,
  expiresAtMs: number,
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await sql.query(
    `INSERT INTO sessions
       (id, user_id, generation, role, created_at, last_seen_at, expires_at)
     SELECT unnest($1::uuid[]), user_id, generation, 'user', $3, $3, $4
       FROM subjects WHERE user_id = $2`,
    [ids, userId, new Date(expiresAtMs - DAY_MS), new Date(expiresAtMs)],
  );
  return ids;
}

/** Records of one session each of users who have signed in once, in Postgres alone. */
export async function insertSessionsOfUsers(
  database: Pick<TestDatabase, 'sql'>,
  count: number,
): Promise<{ userId: string; id: string }[]> {
  return database.sql.query(
    `WITH subject AS (
       INSERT INTO subjects (user_id) SELECT gen_random_uuid() FROM generate_series(1, $1)
       RETURNING user_id, generation)
     INSERT INTO sessions (id, user_id, generation, role, created_at, last_seen_at, expires_at)
     SELECT gen_random_uuid(), user_id, generation, 'user', now(), now(), now() + interval '1 day'
       FROM subject
     RETURNING id, user_id AS "userId"`,
    [count],
  );
}

/** Records that a clean-up deletes. */
export async function insertEndedSessions(
  database: Pick<TestDatabase, 'sql'>,
  userId: string,
  count: number,
): Promise<void> {
  await insertSessions(database, userId, count, Date.now() - 31 * DAY_MS);
}

/** How many sessions of a user the record holds, ended or not. */
export async function countSessions(
  { sql }: Pick<TestDatabase, 'sql'>,
  userId: string,
): Promise<number> {
  const rows = await sql.query<{ count: number }[]>(
    'SELECT count(*)::int AS count FROM sessions WHERE user_id = $1',
    [userId],
  );
  return rows[0]!.count;
}
