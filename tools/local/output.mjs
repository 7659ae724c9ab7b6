// @ts-check

const PREFIX = 'latchkey  ';
const PROGRESS_EVERY_MS = 10_000;
const TTY_REFRESH_MS = 1_000;

/** @typedef {ReturnType<typeof createOutput>} Output */

/** @param {number} ms */
function seconds(ms) {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/**
 * Prints one line for each step; a slow step shows its elapsed seconds, on a terminal in the same line.
 * @param {NodeJS.WriteStream} [stream]
 */
export function createOutput(stream = process.stdout) {
  // A reader that closes the pipe (`npm start | head`) must not end the servers.
  stream.on('error', () => undefined);
  let lineIsOpen = false;

  /** @param {string} text */
  function say(text) {
    stream.write(`${lineIsOpen ? '\n' : ''}${PREFIX}${text}\n`);
    lineIsOpen = false;
  }

  /**
   * @template T
   * @param {string} text the step, in the -ing form
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async function step(text, work) {
    const begun = Date.now();
    const elapsed = () => seconds(Date.now() - begun);
    stream.write(`${PREFIX}${text} ...`);
    lineIsOpen = true;
    const refresh = () => {
      if (stream.isTTY && lineIsOpen) {
        stream.write(`\r${PREFIX}${text} ... ${Math.round((Date.now() - begun) / 1000)} s`);
      } else {
        say(`still ${text}, ${elapsed()}`);
      }
    };
    const timer = setInterval(refresh, stream.isTTY ? TTY_REFRESH_MS : PROGRESS_EVERY_MS);
    try {
      const result = await work();
      const start = stream.isTTY ? `\r${PREFIX}${text} ...` : '';
      stream.write(lineIsOpen ? `${start} done in ${elapsed()}\n` : '');
      if (!lineIsOpen) {
        say(`${text}: done in ${elapsed()}`);
      }
      return result;
    } catch (error) {
      stream.write(lineIsOpen ? ' failed\n' : '');
      throw error;
    } finally {
      clearInterval(timer);
      lineIsOpen = false;
    }
  }

  return { say, step };
}
