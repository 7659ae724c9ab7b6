import type { TestApp } from './app';

/** The record of a user, without `last_seen_at`. */
export async function storedStateOf(app: TestApp, userId: string): Promise<unknown> {
  const [state] = await app.database.sql.query<unknown[]>(
    `SELECT
       (SELECT to_jsonb(u) FROM users u WHERE id = $1) AS account,
       (SELECT to_jsonb(s) FROM subjects s WHERE user_id = $1) AS subject,
       (SELECT jsonb_agg(to_jsonb(s) - 'last_seen_at' ORDER BY id) FROM sessions s
         WHERE user_id = $1) AS sessions,
       (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.id) FROM refresh_tokens t
          JOIN sessions s ON s.id = t.session_id WHERE user_id = $1) AS tokens`,
    [userId],
  );
  return state;
}

/** The records of all users. */
export async function storedState(app: TestApp): Promise<unknown> {
  const users = await app.database.sql.query<{ user_id: string }[]>(
    'SELECT user_id FROM subjects ORDER BY user_id',
  );
  return Promise.all(users.map(({ user_id }) => storedStateOf(app, user_id)));
}
