import { createHmac, randomUUID } from 'node:crypto';
import type { Cluster } from '../cluster';
import { JWT_SECRET } from '../instance';

const DAY_SECONDS = 86_400;

/** Writes users into the record, each signed in once. @returns their access tokens. */
export async function populate(cluster: Cluster, count: number): Promise<string[]> {
  const users = Array.from({ length: count }, () => ({ id: randomUUID(), sid: randomUUID() }));
  const ids = users.map(({ id }) => id);
  const { database } = cluster;
  await database.query(
    `INSERT INTO users (id, email, password_hash, created_at, updated_at)
     SELECT id, id || '@example.com', 'none', now(), now() FROM unnest($1::uuid[]) AS id`,
    [ids],
  );
  await database.query('INSERT INTO subjects (user_id) SELECT unnest($1::uuid[])', [ids]);
  await database.query(
    `INSERT INTO sessions (id, user_id, generation, role, created_at, last_seen_at, expires_at)
     SELECT id, user_id, 1, 'user', now(), now(), now() + interval '1 day'
       FROM unnest($1::uuid[], $2::uuid[]) AS opened (id, user_id)`,
    [users.map(({ sid }) => sid), ids],
  );
  return users.map(({ id, sid }) => accessToken(id, sid));
}

/** As the product signs them with HS256. */
function accessToken(sub: string, sid: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    sub,
    sid,
    jti: randomUUID(),
    iat,
    exp: iat + DAY_SECONDS,
    iss: 'latchkey',
    aud: 'latchkey-api',
  };
  const parts = [{ alg: 'HS256', typ: 'at+jwt' }, claims];
  const signed = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`;
}
