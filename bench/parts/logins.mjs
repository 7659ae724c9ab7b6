// @ts-check
import { load } from '../harness/load.mjs';
import { startPrograms } from '../harness/programs.mjs';
import { cpuSecondsOf } from '../harness/process-usage.mjs';
import { interleave } from '../harness/rounds.mjs';
import { passwordOf, profileOf } from '../servers/users.mjs';

/** As many as the bare servers have users. */
const CONNECTIONS = 16;

/**
 * What one round shows of one row.
 * @typedef {import('../harness/load.mjs').LoadFigures & { cpuEach: number }} LoginFigures CPU in seconds
 */

/** @typedef {{ row: import('../rows.mjs').Row, rounds: LoginFigures[] }} LoginResult */

/**
 * Lets users sign in with their passwords over and over, each as soon as the last time is answered. A round is
 * as many sign-ins as the row did in the given time when it was warmed up: had it an end by time, the next row
 * would share the processors with hashes for which nobody waits any more.
 * @param {import('../harness/workplace.mjs').Workplace} workplace
 * @param {readonly import('../rows.mjs').Row[]} rows
 * @param {import('../options.mjs').Options} options
 * @param {import('../../tools/local/output.mjs').Output} output
 * @returns {Promise<LoginResult[]>}
 */
export async function measureLogins(workplace, rows, { rounds, seconds }, output) {
  const runningOf = await output.step('starting the servers for sign-ins', () =>
    startPrograms(workplace, rows, CONNECTIONS),
  );
  /** @type {Map<string, number>} */
  const requestsOf = new Map();
  const figures = await interleave(rows, rounds, async (row, round) => {
    workplace.signal.throwIfAborted();
    const title = `sign-ins, ${round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`}`;
    const requests = requestsOf.get(row.id) ?? CONNECTIONS;
    const measured = await output.step(`${title}: ${row.title}`, () =>
      measureRound(row, runningOf(row), requests),
    );
    if (round < 0) {
      requestsOf.set(row.id, Math.max(CONNECTIONS, Math.round(measured.perSecond * seconds)));
    }
    return measured;
  });
  return rows.map((row) => ({ row, rounds: figures.get(row.id) ?? [] }));
}

/**
 * @param {import('../rows.mjs').Row} row
 * @param {import('../harness/programs.mjs').RunningProgram} running
 * @param {number} requests
 * @returns {Promise<LoginFigures>}
 */
async function measureRound({ title, path }, { url, server }, requests) {
  const before = cpuSecondsOf(server.pid);
  const figures = await load(
    {
      name: `${title}, sign-in`,
      url: `${url}${path}`,
      method: 'POST',
      headers: [{ 'content-type': 'application/json' }],
      bodies: Array.from({ length: CONNECTIONS }, (_, user) =>
        JSON.stringify({ email: profileOf(user).email, password: passwordOf(user) }),
      ),
    },
    { connections: CONNECTIONS, requests },
  );
  return { ...figures, cpuEach: (cpuSecondsOf(server.pid) - before) / figures.requests };
}
