// @ts-check
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrate } from '../tools/local/api.mjs';
import { Failure } from '../tools/local/failure.mjs';
import { runMain } from '../tools/local/main.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { build } from '../tools/local/source-build.mjs';
import { baseEnvironment } from './harness/server-process.mjs';
import { Workplace } from './harness/workplace.mjs';
import { writeSection } from './report/document-section.mjs';
import { number, table } from './report/format.mjs';
import { postgresWrites } from './scale/usage.mjs';

const ROWS = 100_000;

/** Of Chrome on Windows: 111 characters. */
const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
/** As long as a hash of the product. */
const PASSWORD_HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'s'.repeat(22)}$${'h'.repeat(43)}`;

/** An address of 15 characters at most, a random one. */
const IP = `('10.' || floor(random() * 256) || '.' || floor(random() * 256) || '.7')::inet`;
/** Within the last day. */
const TODAY = `now() - random() * interval '1 day'`;

/**
 * What is inserted, in the order of the foreign keys. Ids are random, as those of the product, so that the pages of the
 * indexes are as full as in production. `$1` rows.
 * @type {{ what: string, table: string, sql: string }[]}
 */
const INSERTS = [
  {
    what: '`users`',
    table: 'users',
    sql: `
      INSERT INTO users (id, email, password_hash, display_name, created_at, updated_at)
      SELECT id, 'first.' || right(id::text, 12) || '@example.com', '${PASSWORD_HASH}', 'Firstname Lastname',
             ${TODAY}, ${TODAY}
        FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $1::int)) AS fresh`,
  },
  {
    what: '`subjects`',
    table: 'subjects',
    sql: `INSERT INTO subjects (user_id, generation) SELECT id, 1 FROM users LIMIT $1::int`,
  },
  {
    what: '`sessions`, just opened',
    table: 'sessions',
    sql: `
      INSERT INTO sessions (id, user_id, generation, role, created_at, last_seen_at, expires_at, tokens_expire_at,
                            ip, user_agent)
      SELECT gen_random_uuid(), user_id, 1, 'user', at, at, at + interval '1 day', at + interval '1 day',
             ${IP}, '${USER_AGENT}'
        FROM (SELECT user_id, ${TODAY} AS at FROM subjects LIMIT $1::int) AS opened`,
  },
  {
    what: '`refresh_tokens`, unused',
    table: 'refresh_tokens',
    sql: `
      INSERT INTO refresh_tokens (id, session_id, secret_hash, issued_at)
      SELECT gen_random_uuid(), id, sha256(uuid_send(id)), created_at FROM sessions LIMIT $1::int`,
  },
  {
    what: '`refresh_tokens`, used',
    table: 'refresh_tokens',
    sql: `
      INSERT INTO refresh_tokens (id, session_id, secret_hash, issued_at, used_at, used_by, successor_id,
                                  successor_salt)
      SELECT gen_random_uuid(), id, sha256(uuid_send(id)), created_at, ${TODAY}, '${USER_AGENT}', gen_random_uuid(),
             sha256(uuid_send(user_id))
        FROM sessions LIMIT $1::int`,
  },
  {
    what: '`outbox`',
    table: 'outbox',
    sql: `
      INSERT INTO outbox (id, transaction_id, kind, user_id, details, recorded_at)
      SELECT gen_random_uuid(), 1000000 + number, 'session-revoked', user_id,
             jsonb_build_object('sessionId', id, 'expiresAtMs', floor(extract(epoch FROM expires_at) * 1000)::bigint),
             now() + number * interval '70 milliseconds'
        FROM (SELECT *, row_number() OVER () AS number FROM sessions LIMIT $1::int) AS ended`,
  },
  {
    what: '`audit_events`',
    table: 'audit_events',
    sql: `
      INSERT INTO audit_events (id, occurred_at, name, user_id, session_id, ip, user_agent, request_id, details)
      SELECT gen_random_uuid(), now() + number * interval '100 milliseconds', 'login_succeeded', user_id, id, ip,
             user_agent, gen_random_uuid()::text, '{}'
        FROM (SELECT *, row_number() OVER () AS number FROM sessions LIMIT $1::int) AS opened`,
  },
];

/** A refresh of one of five sessions: as many as autovacuum lets change before it runs, by its defaults. */
const REFRESH = `
  UPDATE sessions SET expires_at = expires_at + interval '1 hour', last_seen_at = now(),
                      tokens_expire_at = tokens_expire_at + interval '1 hour'
   WHERE get_byte(uuid_send(id), 15) % 5 = $1`;
const REFRESHES_EACH = 4;

/** As the product records when sessions were seen: all that are due in one statement. `$1` sessions. */
const TOUCH = `
  UPDATE sessions SET last_seen_at = now()
   WHERE id IN (SELECT id FROM sessions TABLESAMPLE BERNOULLI (5) LIMIT $1)`;
const TOUCHED = 2_000;
const TOUCHES = 10;

/** @typedef {{ what: string, tableBytes: number, indexBytes: number }} BytesRow for each row */

/**
 * @param {pg.Client} sql of a migrated, empty database
 * @param {number} rows of each kind
 * @returns {Promise<BytesRow[]>}
 */
async function measure(sql, rows) {
  /** @type {BytesRow[]} */
  const result = [];
  for (const { what, table: name, sql: insert } of INSERTS) {
    const before = await sizeOf(sql, name);
    await sql.query(insert, [rows]);
    const after = await sizeOf(sql, name);
    result.push({
      what,
      tableBytes: (after.tableBytes - before.tableBytes) / rows,
      indexBytes: (after.indexBytes - before.indexBytes) / rows,
    });
  }
  for (let step = 0; step < REFRESHES_EACH * 5; step += 1) {
    await sql.query(REFRESH, [step % 5]);
    await sql.query('VACUUM sessions');
  }
  const { tableBytes, indexBytes } = await sizeOf(sql, 'sessions');
  result.push({
    what: `\`sessions\`, each refreshed ${REFRESHES_EACH} times`,
    tableBytes: tableBytes / rows,
    indexBytes: indexBytes / rows,
  });
  return result;
}

/** @param {pg.Client} sql @param {string} name */
async function sizeOf(sql, name) {
  await sql.query(`VACUUM ANALYZE ${pg.escapeIdentifier(name)}`);
  const { rows } = await sql.query(
    `SELECT pg_table_size($1)::float8 AS "tableBytes", pg_indexes_size($1)::float8 AS "indexBytes"`,
    [name],
  );
  return /** @type {{ tableBytes: number, indexBytes: number }} */ (rows[0]);
}

/**
 * What it costs to record when a session was seen.
 * @param {pg.Client} sql
 * @returns {Promise<{ walBytes: number, micros: number }>} for each session
 */
async function measureTouches(sql) {
  let touched = 0;
  const startMs = performance.now();
  const { walBytes } = await postgresWrites(sql, async () => {
    for (let statement = 0; statement < TOUCHES; statement += 1) {
      touched += (await sql.query(TOUCH, [TOUCHED])).rowCount ?? 0;
    }
  });
  const tookMs = performance.now() - startMs;
  return { walBytes: walBytes / touched, micros: (tookMs * 1000) / touched };
}

/**
 * @param {BytesRow[]} result
 * @param {number} rows
 * @param {Awaited<ReturnType<typeof measureTouches>>} touch
 */
function describe(result, rows, touch) {
  const bytes = table(
    [`bytes of a row, of ${number(rows, 0)}`, 'table', 'indexes', 'together'],
    result.map(({ what, tableBytes, indexBytes }) => [
      what,
      ...[tableBytes, indexBytes, tableBytes + indexBytes].map((value) => number(value, 0)),
    ]),
  );
  const touches = `To record when a session was seen, ${number(TOUCHED, 0)} sessions a statement, takes ${number(touch.walBytes, 0)} bytes of the log and ${number(touch.micros, 0)} µs of one connection for each session.`;
  return `${bytes}\n\n${touches}`;
}

const output = createOutput();
await runMain(async (signal) => {
  const { values } = parseArgs({ options: { rows: { type: 'string' } } });
  const rows = Number(values.rows ?? ROWS);
  if (!Number.isInteger(rows) || rows < 1_000) {
    throw new Failure('--rows is an integer from 1000.');
  }
  await prepare({ output, signal }, [build]);
  const workplace = new Workplace({ output, signal });
  try {
    const url = await workplace.database('bytes');
    await migrate({ ...baseEnvironment(), DATABASE_URL: url }, signal);
    const sql = new pg.Client({ connectionString: url });
    await sql.connect();
    try {
      const title = `measuring the bytes of ${number(rows, 0)} rows of each table`;
      const result = await output.step(title, () => measure(sql, rows));
      const markdown = describe(result, rows, await measureTouches(sql));
      process.stdout.write(`\n${markdown}\n`);
      if (values.rows === undefined) {
        writeSection('postgres-bytes', markdown, 'capacity.md');
      }
    } finally {
      await sql.end();
    }
  } finally {
    await workplace.close();
  }
  return 0;
});
