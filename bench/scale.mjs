// @ts-check
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { Failure } from '../tools/local/failure.mjs';
import { runMain } from '../tools/local/main.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { freePort } from '../tools/local/ports.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { build } from '../tools/local/source-build.mjs';
import { JWT_SECRET, startLatchkey } from './harness/server-process.mjs';
import { Workplace } from './harness/workplace.mjs';
import { writeSection } from './report/document-section.mjs';
import { call, tokenSigner } from './scale/api-client.mjs';
import { measureCleanUp } from './scale/clean-up.mjs';
import { usedMemory } from './harness/redis-commands.mjs';
import { Measurement, operationsOn, SAMPLE_SIZE } from './scale/operations.mjs';
import { Population } from './scale/population.mjs';
import { scaleTable } from './scale/scale-table.mjs';
import { openSessionStore } from './scale/session-store.mjs';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
/** Limits that refuse no request, but count as usual. */
const GENEROUS_LIMITS = Object.fromEntries(
  ['LOGIN_LIMIT_PER_ACCOUNT', 'LOGIN_LIMIT_PER_ADDRESS'].map((name) => [name, '1000000']),
);

/** Rounds, in which the sizes take turns, so that other load on the machine affects all of them. */
const ROUNDS = 4;

/** @typedef {import('./scale/scale-table.mjs').ScaleResult} ScaleResult */

/**
 * The cost of operations at growing numbers of sessions: one client, one request after another, against the API in
 * production mode. Each size has its own stores and API.
 * @param {object} options
 * @param {number[]} options.sizes sessions, ascending
 * @param {import('../tools/local/output.mjs').Output} options.output
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<ScaleResult & { markdown: string }>}
 */
export async function measureScale({ sizes, output, signal = new AbortController().signal }) {
  const workplace = new Workplace({ output, signal });
  /** @type {ScaleResult} */
  const result = { rows: [], cleanUps: [], memory: [] };
  /** @type {Awaited<ReturnType<typeof settle>>[]} */
  const places = [];
  try {
    for (const size of sizes) {
      const place = await output.step(`starting stores and API for ${size}`, () =>
        settle(workplace, String(size)),
      );
      places.push(place);
      const { redis, population } = place.subject;
      const emptyBytes = await usedMemory(redis);
      await population.growTo(size, SAMPLE_SIZE, signal);
      result.memory.push({ size, bytes: (await usedMemory(redis)) - emptyBytes });
    }
    result.rows = await measureOperations(places, output);
    for (const { subject, env } of places) {
      const title = `clean-up of ${subject.population.sessions} sessions`;
      const cleanUp = await output.step(title, () => measureCleanUp(subject, env));
      result.cleanUps.push(cleanUp);
    }
    return { ...result, markdown: scaleTable(result, sizes) };
  } finally {
    for (const { subject, sql } of places) {
      subject.redis.disconnect();
      await sql.end();
    }
    await workplace.close();
  }
}

/**
 * @param {Awaited<ReturnType<typeof settle>>[]} places
 * @param {import('../tools/local/output.mjs').Output} output
 */
async function measureOperations(places, output) {
  const perPlace = places.map(({ subject }) =>
    operationsOn(subject).map((operation) => new Measurement(operation, subject)),
  );
  await output.step('counting commands', async () => {
    for (const measurement of perPlace.flat()) {
      await measurement.count();
    }
  });
  for (let round = 1; round <= ROUNDS; round += 1) {
    await output.step(`measuring, round ${round} of ${ROUNDS}`, async () => {
      for (const [index] of (perPlace[0] ?? []).entries()) {
        for (const measurements of perPlace) {
          await measurements[index]?.round(ROUNDS);
        }
      }
    });
  }
  return perPlace.flat().flatMap(({ rows }) => rows);
}

/**
 * Starts stores and an API, and creates the first user.
 * @param {Workplace} workplace
 * @param {string} name
 */
async function settle(workplace, name) {
  const { url: redisUrl } = await workplace.redis(name);
  const metricsPort = String(await freePort());
  const env = {
    ...GENEROUS_LIMITS,
    DATABASE_URL: await workplace.database(name),
    REDIS_URL: redisUrl,
    METRICS_PORT: metricsPort,
    CLEAN_UP_CRON: 'off',
    REDIS_CHECK_CRON: 'off',
  };
  const { url } = await startLatchkey(workplace, env);
  const sql = new pg.Client({ connectionString: env.DATABASE_URL });
  await sql.connect();
  await sql.query('SET statement_timeout = 0');

  const password = randomBytes(12).toString('base64url');
  const json = { email: 'first@example.com', password };
  const { accessToken } = JSON.parse(
    await call(`${url}/api/auth/register`, { method: 'POST', json }),
  );
  const { rows } = await sql.query('SELECT password_hash FROM users');
  const { redis, store } = openSessionStore(redisUrl);
  const subject = {
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    redisUrl,
    redis,
    population: new Population({ sql, store, redis }, rows[0].password_hash),
    sign: tokenSigner(accessToken, JWT_SECRET),
    password,
    signal: workplace.signal,
  };
  return { subject, sql, env: { ...process.env, ...env, NODE_ENV: 'production', JWT_SECRET } };
}

/** @param {string | undefined} text */
function readSizes(text) {
  const sizes = text?.split(',').map(Number) ?? SIZES;
  if (
    !sizes.every((size, index) => size >= 100 && size % 2 === 0 && size > (sizes[index - 1] ?? 0))
  ) {
    throw new Failure('--sizes are even numbers from 100, ascending: --sizes 1000,10000.');
  }
  return sizes;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const output = createOutput();
  await runMain(async (signal) => {
    const { values } = parseArgs({ options: { sizes: { type: 'string' } } });
    const sizes = readSizes(values.sizes);
    await prepare({ output, signal }, [build]);
    const { markdown } = await measureScale({ sizes, output, signal });
    process.stdout.write(`\n${markdown}\n`);
    if (values.sizes === undefined) {
      writeSection('scale', markdown);
    }
    return 0;
  });
}
