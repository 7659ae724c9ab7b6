// @ts-check

const WIDTH = 30;
/** Interval between two lines, where a line cannot be overwritten. */
const LINE_EVERY_MS = 10_000;

/**
 * A progress bar: in place on a terminal, otherwise a line at intervals.
 * @param {string} title
 * @param {number} total
 * @param {NodeJS.WriteStream} [stream]
 */
export function progressBar(title, total, stream = process.stderr) {
  const begun = Date.now();
  let shownAt = stream.isTTY ? 0 : begun;
  return {
    /** @param {number} done of the total */
    show(done) {
      const now = Date.now();
      const isOver = done >= total;
      if (!isOver && now - shownAt < (stream.isTTY ? 100 : LINE_EVERY_MS)) {
        return;
      }
      shownAt = now;
      const filled = Math.floor((done / total) * WIDTH);
      const bar = '#'.repeat(filled) + '.'.repeat(WIDTH - filled);
      const seconds = ((now - begun) / 1000).toFixed(0);
      const line = `${title} [${bar}] ${done.toLocaleString('en-US')} in ${seconds} s`;
      stream.write(stream.isTTY ? `\r${line}${isOver ? '\n' : ''}` : `${line}\n`);
    },
  };
}
