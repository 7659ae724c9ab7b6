// @ts-check
import { describe } from './failure.mjs';
import { checkNodeVersion } from './node-version.mjs';

/** npm passes a Ctrl-C on to its child, which has received it from the terminal. */
const SAME_KEYSTROKE_MS = 500;
const PARENT_CHECK_MS = 250;

/**
 * Runs a command of this folder. Its `signal` is aborted by Ctrl-C, SIGTERM or SIGHUP, or when the npm that runs it is
 * killed.
 * @param {(signal: AbortSignal) => Promise<number>} command gives the exit code
 * @param {() => void} [onSecondRequest] called at a second stop request
 */
export async function runMain(command, onSecondRequest = () => undefined) {
  const stopping = new AbortController();
  let firstRequestAt = 0;
  const requestStop = () => {
    if (!stopping.signal.aborted) {
      firstRequestAt = Date.now();
      stopping.abort();
    } else if (Date.now() - firstRequestAt > SAME_KEYSTROKE_MS) {
      onSecondRequest();
    }
  };
  process.on('SIGINT', requestStop).on('SIGTERM', requestStop).on('SIGHUP', requestStop);
  const watch = watchParent(requestStop);
  try {
    checkNodeVersion();
    process.exitCode = await command(stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) {
      process.stderr.write(`${describe(error)}\n`);
    }
    process.exitCode = 1;
  } finally {
    clearInterval(watch);
  }
}

/** @param {() => void} requestStop */
function watchParent(requestStop) {
  const parent = process.ppid;
  const check = () => {
    if (process.env['npm_lifecycle_event'] !== undefined && process.ppid !== parent) {
      requestStop();
    }
  };
  return setInterval(check, PARENT_CHECK_MS).unref();
}
