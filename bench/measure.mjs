// @ts-check
import { describeCircumstances } from './harness/machine.mjs';
import { Workplace } from './harness/workplace.mjs';
import { measureLogins } from './parts/logins.mjs';
import { measureMemory } from './parts/memory.mjs';
import { measureRequests } from './parts/requests.mjs';
import { measureStarts } from './parts/start.mjs';
import { LOGIN_ROWS } from './rows.mjs';

/**
 * Measures each part in a workplace of its own: servers of another part would use processor time.
 * @param {import('./options.mjs').Options} options
 * @param {{ output: import('../tools/local/output.mjs').Output, signal: AbortSignal }} context
 * @returns {Promise<import('./report/performance-document.mjs').Results>}
 */
export async function measure(options, { output, signal }) {
  const { rounds, seconds, connections, parts, rows } = options;
  /**
   * @template T
   * @param {import('./options.mjs').Part} part
   * @param {(workplace: Workplace) => Promise<T>} work
   */
  const run = async (part, work) => {
    if (!parts.includes(part)) {
      return undefined;
    }
    const workplace = new Workplace({ output, signal });
    try {
      return await work(workplace);
    } finally {
      await workplace.close();
    }
  };
  return {
    circumstances: await describeCircumstances({ output, signal }),
    length: { rounds, seconds, connections },
    requests: await run('requests', (place) => measureRequests(place, rows, options, output)),
    logins: await run('logins', (place) => measureLogins(place, LOGIN_ROWS, options, output)),
    starts: await run('start', (place) => measureStarts(place, options, output)),
    memory: await run('memory', (place) => measureMemory(place, options, output)),
  };
}
