// @ts-check
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Failure } from '../tools/local/failure.mjs';
import { runMain } from '../tools/local/main.mjs';
import { createOutput } from '../tools/local/output.mjs';
import { buildPackages } from '../tools/local/package-build.mjs';
import { ROOT } from '../tools/local/paths.mjs';
import { prepare } from '../tools/local/preparation.mjs';
import { run } from '../tools/local/run.mjs';
import { build } from '../tools/local/source-build.mjs';
import { send } from './harness/clients.mjs';
import { describeCircumstances } from './harness/machine.mjs';
import { ensureBenchPackages } from './harness/packages.mjs';
import { cpuSecondsOf } from './harness/process-usage.mjs';
import { startProgram } from './harness/programs.mjs';
import { interleave } from './harness/rounds.mjs';
import { baseEnvironment, startPeer } from './harness/server-process.mjs';
import { Workplace } from './harness/workplace.mjs';
import { measureRound, refuseOtherAnswers, SETTLE_MS } from './parts/requests.mjs';
import { checkTable } from './report/check-table.mjs';
import { describeRun } from './report/performance-document.mjs';
import { programOf } from './rows.mjs';

const CONNECTIONS = 64;
const KEY_DEADLINE_MS = 30_000;
/** How long `@latchkey/verifier` may accept a token after its session has ended. */
const BOUND_MS = 2_000;
const FRAMEWORKS = { express: 'Express', fastify: 'Fastify', nest: 'Nest (Fastify)' };
const CHECKS = {
  bare: 'bare',
  verifier: '`@latchkey/verifier`',
  introspection: 'introspection of each request',
};
const NOT_MEASURED =
  'Not measured: SuperTokens. It needs its core, a Java server, which no npm package contains.';

/**
 * A running row; `leaving` are the headers of the user who signs out before the measurement.
 * @typedef {import('./harness/programs.mjs').RunningProgram & {
 * leaving: import('./harness/clients.mjs').Headers, logoutUrl: string }} Checked
 */

/** @typedef {import('./report/check-table.mjs').CheckRow & { file: string, check: string }} Row */

/** @type {readonly Row[]} */
const ROUTES = Object.entries(FRAMEWORKS).flatMap(([framework, name]) =>
  Object.entries(CHECKS).map(([check, title]) => ({
    id: `${framework}-${check}`,
    title: `${name}, ${title}`,
    path: '/api/auth/profile',
    reference: `${framework}-bare`,
    file: `check-${framework}.mjs`,
    check,
  })),
);

/** @type {Row} */
const BETTER_AUTH = {
  id: 'better-auth',
  title: 'Fastify, better-auth',
  path: '/api/auth/profile',
  reference: 'fastify-bare',
  file: 'better-auth.mjs',
  check: 'better-auth',
};

const ROWS = [...ROUTES, BETTER_AUTH];

/** @param {Workplace} workplace */
async function startServers(workplace) {
  const { signal } = workplace;
  const JWT_KEYS_DIR = join(workplace.dir, 'keys');
  const cli = join(ROOT, 'dist', 'apps', 'cli', 'main.js');
  const added = await run(process.execPath, [cli, 'keys', 'add'], {
    env: { ...baseEnvironment(), JWT_KEYS_DIR },
    deadlineMs: KEY_DEADLINE_MS,
    signal,
  });
  if (!added.ok) {
    throw new Failure('latchkey keys add failed.', added.output);
  }
  const secret = randomBytes(24).toString('base64url');
  const program = programOf('latchkey');
  const es256 = { JWT_SECRET: undefined, JWT_KEYS_DIR, INTROSPECTION_CLIENTS: `bench:${secret}` };
  const settings = { ...program.settings, ...es256 };
  // A user for each connection, and for each row one who signs out.
  const users = CONNECTIONS + ROUTES.length;
  const latchkey = await startProgram(workplace, { ...program, settings }, users);
  /** @type {Map<string, Checked>} */
  const running = new Map();
  for (const [index, { id, file, check }] of ROUTES.entries()) {
    const env = { CHECK: check, LATCHKEY_URL: latchkey.url, CLIENT_SECRET: secret };
    const peer = await startPeer(workplace, file, env);
    const headers = latchkey.headers.slice(0, CONNECTIONS);
    const leaving = latchkey.headers[CONNECTIONS + index] ?? {};
    const logoutUrl = `${latchkey.url}/api/auth/logout`;
    running.set(id, { ...peer, redis: undefined, headers, leaving, logoutUrl });
  }
  const betterAuth = await startProgram(workplace, programOf('better-auth'), CONNECTIONS + 1);
  const leaving = betterAuth.headers.pop() ?? {};
  const logoutUrl = `${betterAuth.url}/api/auth/sign-out`;
  running.set(BETTER_AUTH.id, { ...betterAuth, leaving, logoutUrl });
  const runningOf = (/** @type {Row} */ { id }) => /** @type {Checked} */ (running.get(id));
  return { latchkey, runningOf };
}

/**
 * Checks that a row accepts live sessions and, unless it is bare, refuses one that has ended.
 * @param {Row} row
 * @param {Checked} running
 */
async function refuseWrongChecks(row, running) {
  const { url, headers, leaving, logoutUrl } = running;
  await refuseOtherAnswers(row, { ...running, headers: [...headers, leaving] });
  if (row.check === 'bare') {
    return;
  }
  // better-auth requires its own origin where a cookie is sent.
  const origin = new URL(logoutUrl).origin;
  await send(logoutUrl, { method: 'POST', json: {}, headers: { ...leaving, origin } });
  const endedAtMs = performance.now();
  const boundMs = row.check === 'verifier' ? BOUND_MS : 0;
  let status;
  let askedAtMs;
  do {
    askedAtMs = performance.now();
    const answer = await fetch(`${url}${row.path}`, { headers: leaving });
    await answer.arrayBuffer();
    ({ status } = answer);
  } while (status === 200 && askedAtMs - endedAtMs < boundMs);
  if (status !== 401) {
    throw new Failure(`${row.title}: answered ${status} after the session had ended.`);
  }
}

/**
 * @param {{ rounds: number, seconds: number }} length
 * @param {{ output: import('../tools/local/output.mjs').Output, signal: AbortSignal }} context
 * @returns {Promise<string>} a table in Markdown
 */
async function measureChecks({ rounds, seconds }, { output, signal }) {
  const workplace = new Workplace({ output, signal });
  try {
    const { latchkey, runningOf } = await output.step('starting the servers', () =>
      startServers(workplace),
    );
    await output.step('checking live and ended sessions', async () => {
      for (const row of ROWS) {
        await refuseWrongChecks(row, runningOf(row));
      }
    });
    const figures = await interleave(ROWS, rounds, async (row, round) => {
      signal.throwIfAborted();
      await sleep(SETTLE_MS);
      const title = `${round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`}: ${row.title}`;
      return output.step(title, async () => {
        const before = cpuSecondsOf(latchkey.server.pid);
        const measured = await measureRound(row, runningOf(row), {
          connections: CONNECTIONS,
          seconds,
        });
        const issuerSeconds = cpuSecondsOf(latchkey.server.pid) - before;
        return { ...measured, issuerCpuPer1000: (issuerSeconds / measured.requests) * 1000 };
      });
    });
    return checkTable(ROWS.map((row) => ({ row, rounds: figures.get(row.id) ?? [] })));
  } finally {
    await workplace.close();
  }
}

/** @param {string} name @param {string} text */
function readNumber(name, text) {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new Failure(`--${name} must be an integer of at least 1.`);
  }
  return Number(text);
}

const output = createOutput();
await runMain(async (signal) => {
  const option = /** @type {const} */ ({ type: 'string', default: '5' });
  const { values } = parseArgs({ options: { rounds: option, seconds: option } });
  const rounds = readNumber('rounds', values.rounds);
  const seconds = readNumber('seconds', values.seconds);
  await prepare({ output, signal }, [ensureBenchPackages, build, buildPackages]);
  const circumstances = await describeCircumstances({ output, signal });
  const checks = await measureChecks({ rounds, seconds }, { output, signal });
  const length = { rounds, seconds, connections: CONNECTIONS };
  process.stdout.write(
    `\n${describeRun({ circumstances, length })}\n\n${checks}\n\n${NOT_MEASURED}\n`,
  );
  return 0;
});
