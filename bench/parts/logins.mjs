// @ts-check
import { load } from '../harness/load.mjs';
import { startPrograms } from '../harness/programs.mjs';
import { cpuSecondsOf } from '../harness/process-usage.mjs';
import { interleave } from '../harness/rounds.mjs';
import { passwordOf, profileOf } from '../servers/users.mjs';

/** As many users as the bare servers have. */
const CONNECTIONS = 16;

/**
 * The figures of one row in one round.
 * @typedef {import('../harness/load.mjs').LoadFigures & { cpuEach: number }} LoginFigures CPU in seconds
 */

/** @typedef {{ row: import('../rows.mjs').Row, rounds: LoginFigures[] }} LoginResult */

/**
 * Signs users in with their passwords, continuously. A round has as many sign-ins as the row managed in the given time
 * during warm-up: if it ended by time, the next row would share the processors with unfinished hashes.
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
      details: () => server.logTail,
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
