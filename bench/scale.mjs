// @ts-check
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { Failure } from '../tools/local/failure.mjs';
import { runMain } from '../tools/local/main.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { build } from '../tools/local/source-build.mjs';
import { Workplace } from './harness/workplace.mjs';
import { writeSection } from './report/document-section.mjs';
import { measureCleanUp } from './scale/clean-up.mjs';
import { comparisonTables } from './scale/comparison-table.mjs';
import { Measurement, operationsOn, SAMPLE_SIZE } from './scale/operations.mjs';
import { leave, settle } from './scale/place.mjs';
import { scaleTable } from './scale/scale-table.mjs';
import { measureBackground } from './scale/usage.mjs';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
/** Sessions of a comparison of the two kinds of Redis: their difference does not depend on it. */
const COMPARED_SIZES = [100_000];
const KINDS = /** @type {const} */ ({
  single: ['single'],
  cluster: ['cluster'],
  both: ['single', 'cluster'],
});

/** Rounds, in which the places take turns, so that other load on the machine affects all of them. */
const ROUNDS = 8;

/** @typedef {import('./scale/scale-table.mjs').ScaleResult} ScaleResult */

/**
 * The cost of operations at growing numbers of sessions: one client, one request after another, against the API in
 * production mode. Each size has its own stores and API, for each kind of Redis.
 * @param {object} options
 * @param {number[]} options.sizes sessions, ascending
 * @param {keyof typeof KINDS} [options.redis] one server, a Cluster of three masters, or a comparison of the two
 * @param {import('../tools/local/output.mjs').Output} options.output
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<ScaleResult & { markdown: string }>}
 */
export async function measureScale(options) {
  const { sizes, redis = 'single', output, signal = new AbortController().signal } = options;
  const workplace = new Workplace({ output, signal });
  /** @type {ScaleResult} */
  const result = { rows: [], cleanUps: [], memory: [], backgrounds: [] };
  /** @type {import('./scale/place.mjs').Place[]} */
  const places = [];
  try {
    for (const size of sizes) {
      for (const kind of KINDS[redis]) {
        const place = await output.step(`starting stores and API for ${size}, ${kind}`, () =>
          settle(workplace, `${kind}-${size}`, kind),
        );
        places.push(place);
        const { subject } = place;
        const emptyBytes = await subject.redis.usedMemory();
        await subject.population.growTo(size, SAMPLE_SIZE, signal);
        result.memory.push({ size, bytes: (await subject.redis.usedMemory()) - emptyBytes });
      }
    }
    await output.step('measuring the background', async () => {
      for (const { subject } of places) {
        subject.background = await measureBackground(subject.redis);
        const { redis, population, background } = subject;
        result.backgrounds.push({ kind: redis.kind, size: population.sessions, ...background });
      }
    });
    const isComparison = redis === 'both';
    result.rows = await measureOperations(places, output, isComparison);
    if (isComparison) {
      return { ...result, markdown: comparisonTables(result, sizes) };
    }
    for (const { subject, env } of places) {
      const title = `clean-up of ${subject.population.sessions} sessions`;
      const cleanUp = await output.step(title, () => measureCleanUp(subject, env));
      result.cleanUps.push(cleanUp);
    }
    return { ...result, markdown: scaleTable(result, sizes) };
  } finally {
    await leave(places);
    await workplace.close();
  }
}

/**
 * @param {import('./scale/place.mjs').Place[]} places
 * @param {import('../tools/local/output.mjs').Output} output
 * @param {boolean} withWrites whether to count what the operations write
 */
async function measureOperations(places, output, withWrites) {
  const perPlace = places.map(({ subject }) =>
    operationsOn(subject).map((operation) => new Measurement(operation, subject)),
  );
  await output.step('counting commands', async () => {
    for (const measurement of perPlace.flat()) {
      await measurement.count();
      if (withWrites) {
        await measurement.countWrites();
      }
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
 * @param {string | undefined} text
 * @param {number[]} otherwise
 */
function readSizes(text, otherwise) {
  const sizes = text?.split(',').map(Number) ?? otherwise;
  if (
    !sizes.every((size, index) => size >= 1_000 && size % 2 === 0 && size > (sizes[index - 1] ?? 0))
  ) {
    throw new Failure('--sizes are even numbers from 1000, ascending: --sizes 1000,10000.');
  }
  return sizes;
}

/** @param {string} text @returns {text is keyof typeof KINDS} */
function isKind(text) {
  return Object.hasOwn(KINDS, text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const output = createOutput();
  await runMain(async (signal) => {
    const string = /** @type {const} */ ({ type: 'string' });
    const { values } = parseArgs({ options: { sizes: string, redis: string } });
    const { redis = 'single' } = values;
    if (!isKind(redis)) {
      throw new Failure(`--redis is one of: ${Object.keys(KINDS).join(', ')}.`);
    }
    const sizes = readSizes(values.sizes, redis === 'both' ? COMPARED_SIZES : SIZES);
    await prepare({ output, signal }, [build]);
    const { markdown } = await measureScale({ sizes, redis, output, signal });
    process.stdout.write(`\n${markdown}\n`);
    if (values.sizes === undefined && redis === 'single') {
      writeSection('scale', markdown);
    }
    if (values.sizes === undefined && redis === 'both') {
      writeSection('cluster', markdown, 'capacity.md');
    }
    return 0;
  });
}
