// @ts-check
import { createRequire } from 'node:module';
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
import { number, range, table } from './report/format.mjs';

const USERS = 1_000_000;
const PAGE = 50;
const REPEATS = 5;

/** As long as a hash of the product. */
const PASSWORD_HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'s'.repeat(22)}$${'h'.repeat(43)}`;

/** 8,000 words of three syllables. */
const WORDS = `
  CREATE TEMPORARY TABLE words AS
  SELECT row_number() OVER (ORDER BY random()) - 1 AS number, a || b || c AS word
    FROM unnest(ARRAY['ba','ce','di','fo','gu','ka','le','mi','no','pu','ra','se','ti','vo','za','ma','na','el','an','jo']) AS a,
         unnest(ARRAY['ba','ce','di','fo','gu','ka','le','mi','no','pu','ra','se','ti','vo','za','ma','na','el','an','jo']) AS b,
         unnest(ARRAY['ba','ce','di','fo','gu','ka','le','mi','no','pu','ra','se','ti','vo','za','ma','na','el','an','jo']) AS c`;

/**
 * Names of two words and addresses of the same words, as most people have them: most accounts then have two entries.
 * One of 1,000 users is disabled, five are administrators. `$1` users.
 */
const INSERT = `
  INSERT INTO users (id, email, password_hash, display_name, role, disabled_at, created_at, updated_at)
  SELECT gen_random_uuid(),
         first.word || '.' || last.word || person.number || '@example.com',
         '${PASSWORD_HASH}',
         initcap(first.word) || ' ' || initcap(last.word),
         CASE WHEN person.number % 200000 = 7 THEN 'admin' ELSE 'user' END,
         CASE WHEN person.number % 1000 = 13 THEN now() END,
         now() - person.number * interval '1 minute', now()
    FROM generate_series(1, $1::int) AS person (number)
    JOIN words AS first ON first.number = person.number % 8000
    JOIN words AS last ON last.number = (person.number * 31 + person.number / 8000) % 8000`;

/** For these calls alone. */
const INDEXES = [
  'ix_users_created_at',
  'ix_users_administrators',
  'ix_users_disabled',
  'ix_users_email_prefix',
  'ix_users_name_prefix',
];

/** @typedef {import('../libs/user/user-directory.js').DirectoryQuery} Query */
/** @typedef {import('../libs/user/user-directory.js').DirectoryCursor} Cursor */

/**
 * The measured calls. `at` is the cursor: none, or one from the middle or the end of the list.
 * @type {{ what: string, query: Query, at?: Cursor }[]}
 */
const CALLS = [
  { what: 'first page of all', query: {} },
  { what: 'a page from the middle of all', query: {}, at: middleOfTime() },
  { what: '`email=` an address', query: { email: 'KNOWN' } },
  { what: '`role=admin`', query: { role: 'admin' } },
  { what: '`role=user`', query: { role: 'user' } },
  { what: '`disabled=true`', query: { disabled: true } },
  { what: '`disabled=true&role=admin`', query: { disabled: true, role: 'admin' } },
  { what: '`q=mana`', query: { prefix: 'mana' } },
  { what: '`q=m`', query: { prefix: 'm' } },
  { what: '`q=m`, a page from the middle', query: { prefix: 'm' }, at: entry('mimi') },
  { what: '`q=m`, the last page', query: { prefix: 'm' }, at: entry('mz') },
  { what: '`q=mana&role=admin`', query: { prefix: 'mana', role: 'admin' } },
  { what: '`q=m&disabled=true`', query: { prefix: 'm', disabled: true } },
  { what: '`q=` a prefix that no account has', query: { prefix: 'xyz' } },
];

/** @param {string} key @returns {Cursor} */
function entry(key) {
  return { key, id: '00000000-0000-4000-8000-000000000000' };
}

/** @returns {Cursor} */
function middleOfTime() {
  return entry(String(Date.now() - (USERS / 2) * 60_000));
}

/** @typedef {{ what: string, plans: string[], millis: number[], pages: number, rows: number }} Measured */

/**
 * Runs the statements of the product's own class, each under EXPLAIN.
 * @param {pg.Client} sql
 * @returns {Promise<Measured[]>}
 */
async function measure(sql) {
  const { UserDirectory } = createRequire(import.meta.url)('../dist/libs/user/user-directory.js');
  /** @type {{ text: string, parameters: unknown[] }[]} */
  let statements = [];
  const database = {
    /** @param {(manager: unknown) => unknown} work */
    run: (work) =>
      work({
        query: async (/** @type {string} */ text, /** @type {unknown[]} */ parameters) => {
          statements.push({ text, parameters });
          return (await sql.query(text, parameters)).rows;
        },
      }),
  };
  const directory = new UserDirectory(database, { nowMs: () => Date.now() });
  const known = await sql.query('SELECT email FROM users ORDER BY id LIMIT 1');
  /** @type {Measured[]} */
  const measured = [];
  for (const { what, query, at } of CALLS) {
    const asked = query.email === undefined ? query : { email: known.rows[0].email };
    const millis = [];
    let rows = 0;
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      statements = [];
      const startMs = performance.now();
      rows = (await directory.list(asked, PAGE, at)).users.length;
      millis.push(performance.now() - startMs);
    }
    let pages = 0;
    const plans = [];
    for (const { text, parameters } of statements) {
      const explained = await sql.query(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
        parameters,
      );
      const { Plan: plan } = explained.rows[0]['QUERY PLAN'][0];
      pages += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
      plans.push(nodesOf(plan).join(', '));
    }
    measured.push({ what, plans, millis, pages, rows });
  }
  return measured;
}

/**
 * @param {Record<string, any>} plan
 * @returns {string[]} the indexes, and other nodes that read or sort
 */
function nodesOf(plan) {
  const inner = (plan.Plans ?? []).flatMap(nodesOf);
  const type = plan['Node Type'];
  if (plan['Index Name'] !== undefined) {
    return [`\`${plan['Index Name']}\``, ...inner];
  }
  return /Seq|Sort/.test(type) ? [type, ...inner] : inner;
}

/** @param {Measured[]} measured @param {number} users @param {string} indexes */
function describe(measured, users, indexes) {
  const lines = measured.map(({ what, plans, millis, pages, rows }) => [
    what,
    number(rows, 0),
    range(millis, 1),
    number(pages, 0),
    plans.join('; '),
  ]);
  const head = [`of ${number(users, 0)} users`, 'rows', 'ms', 'pages of 8 KiB', 'reads'];
  return `${table(head, lines)}\n\n${indexes}`;
}

/** @param {pg.Client} sql @param {number} users */
async function describeIndexes(sql, users) {
  const { rows } = await sql.query(
    `SELECT indexrelname AS name, pg_relation_size(indexrelid)::float8 AS bytes, pg_get_indexdef(indexrelid) AS definition
       FROM pg_stat_user_indexes WHERE relname = 'users' AND indexrelname = ANY($1) ORDER BY bytes DESC`,
    [INDEXES],
  );
  const sizes = [];
  for (const { name, bytes, definition } of rows) {
    const fresh = number(bytes / 2 ** 20, 1);
    await sql.query(`DROP INDEX ${pg.escapeIdentifier(name)}`);
    const startMs = performance.now();
    await sql.query(definition);
    const seconds = number((performance.now() - startMs) / 1000, 1);
    sizes.push(`\`${name}\` ${fresh} MiB, built in ${seconds} s`);
  }
  return `The indexes of ${number(users, 0)} users: ${sizes.join('; ')}.`;
}

const output = createOutput();
await runMain(async (signal) => {
  const { values } = parseArgs({ options: { users: { type: 'string' } } });
  const users = Number(values.users ?? USERS);
  if (!Number.isInteger(users) || users < 1_000) {
    throw new Failure('--users is an integer from 1000.');
  }
  await prepare({ output, signal }, [build]);
  const workplace = new Workplace({ output, signal });
  try {
    const url = await workplace.database('search');
    await migrate({ ...baseEnvironment(), DATABASE_URL: url }, signal);
    const sql = new pg.Client({ connectionString: url });
    await sql.connect();
    try {
      await output.step(`creating ${number(users, 0)} users`, async () => {
        await sql.query(WORDS);
        await sql.query(INSERT, [users]);
        await sql.query('VACUUM ANALYZE users');
      });
      const measured = await output.step('listing and searching', () => measure(sql));
      const markdown = describe(measured, users, await describeIndexes(sql, users));
      process.stdout.write(`\n${markdown}\n`);
      if (values.users === undefined) {
        writeSection('user-search', markdown, 'administration.md');
      }
    } finally {
      await sql.end();
    }
  } finally {
    await workplace.close();
  }
  return 0;
});
