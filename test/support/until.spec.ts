import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../../tools/local/paths.mjs';
import { endOpenWaits, until } from './until';

/** Returns the values in turn, then the last one again and again, and counts the calls. */
function probeOf<T>(...values: T[]) {
  return jest.fn(() => (values.length > 1 ? values.shift()! : values[0]!));
}

function reported(): string {
  try {
    endOpenWaits();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('until', () => {
  it('returns the value that equals the expected one', async () => {
    const probe = probeOf<unknown>({ status: 200 }, { status: 401 }, { status: 500 });
    expect(await until('it is refused', probe, { status: 401 })).toEqual({ status: 401 });
    expect(probe).toHaveBeenCalledTimes(2);
  });

  it('returns the value that the predicate accepts', async () => {
    expect(await until('there are three', probeOf(1, 2, 3, 4), (count) => count >= 3)).toBe(3);
  });

  it('returns the first truthy value when none is expected', async () => {
    expect(await until('a line exists', probeOf<unknown>(undefined, '', 'line'))).toBe('line');
  });

  it('awaits an asynchronous probe', async () => {
    const probe = probeOf(1, 2, 3);
    expect(await until('three came', () => Promise.resolve(probe()), 3)).toBe(3);
  });

  it('rejects at once with the error of the probe, and reports it', async () => {
    const probe = jest.fn(() => Promise.reject(new TypeError('no connection')));
    await expect(until('a row exists', probe)).rejects.toThrow('no connection');
    expect(probe).toHaveBeenCalledTimes(1);
    expect(reported()).toMatch(
      /^stopped waiting until a row exists after \d.* s: the probe threw TypeError: no connection$/,
    );
  });

  it('rejects at once with the error of the predicate', async () => {
    const refuse = () => {
      throw new RangeError('out of range');
    };
    await expect(until('a row exists', () => 1, refuse)).rejects.toThrow('out of range');
    expect(reported()).toContain('the probe threw RangeError: out of range');
  });
});

describe('endOpenWaits', () => {
  it('does nothing when every wait has succeeded', async () => {
    await until('it is true', () => true);
    expect(reported()).toBe('');
  });

  it('reports the time and the last value, and rejects the wait with the report', async () => {
    const waiting = until('the token is refused', probeOf(500, 200), 401);
    await pause(100);
    const report = reported();
    expect(report).toMatch(
      /^still waiting until the token is refused after 0\.\d s; last value: 200$/,
    );
    await expect(waiting).rejects.toThrow(report);
  });

  it('stops the calls of the probe', async () => {
    const probe = probeOf(false);
    const waiting = until('it is true', probe);
    reported();
    await expect(waiting).rejects.toThrow('still waiting until it is true');
    const calls = probe.mock.calls.length;
    await pause(100);
    expect(probe).toHaveBeenCalledTimes(calls);
  });

  it('reports a wait once', async () => {
    const waiting = until('it is true', () => false);
    expect(reported()).toContain('it is true');
    expect(reported()).toBe('');
    await expect(waiting).rejects.toThrow('it is true');
  });

  it('reports every open wait', async () => {
    const waiting = [until('one ends', () => 0), until('two ends', () => null)];
    await pause(50);
    expect(reported()).toMatch(/one ends.*last value: 0\n.*two ends.*last value: null$/);
    expect(await Promise.allSettled(waiting)).toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
  });

  it('says that the probe has not returned', async () => {
    const never = new Promise<number>(() => undefined);
    const first = until('it answers', () => never, 1);
    const probe = probeOf<number | Promise<number>>(7, never);
    const second = until('it answers again', probe, 1);
    await pause(100);
    expect(reported()).toMatch(
      /^still waiting until it answers after 0\.1 s; the probe has not returned\n.*; last value: 7; the probe has not returned$/,
    );
    await expect(first).rejects.toThrow('it answers');
    await expect(second).rejects.toThrow('it answers again');
  });

  it('shows the beginning and the end of a long value', async () => {
    const waiting = until('it is short', () => `first${'x'.repeat(10_000)}last`, '');
    await pause(50);
    const report = reported();
    expect(report).toMatch(/: 'firstx+ \.\.\. x+last'$/);
    expect(report.length).toBeLessThan(600);
    await expect(waiting).rejects.toThrow('it is short');
  });
});

describe('a wait that Jest times out', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'until-')));
  const { transform, setupFilesAfterEnv } = createRequire(__filename)('../../jest.config.js') as {
    transform: object;
    setupFilesAfterEnv: string[];
  };

  /** Runs the body as a file of tests, with the setup files of this project, and returns the report. */
  function runJest(body: string): { ok: boolean; output: string } {
    const spec = join(folder, 'child.spec.js');
    const source = JSON.stringify(join(ROOT, 'test', 'support', 'until.ts'));
    writeFileSync(spec, `const { until } = require(${source});\n${body}`);
    const config = { rootDir: ROOT, roots: [folder], testMatch: [spec], testTimeout: 300 };
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
        ...['--config', JSON.stringify({ ...config, transform, setupFilesAfterEnv })],
        ...['--ci', '--no-color', '--watchman=false', '--cacheDirectory', join(folder, 'cache')],
      ],
      { cwd: ROOT, encoding: 'utf8' },
    );
    return { ok: status === 0, output: `${stdout}${stderr}` };
  }

  it.each([
    ['a test', `it('waits', () => until('it ends', () => 7, 8));`],
    [
      'beforeAll',
      `describe('suite', () => {
         beforeAll(() => until('it ends', () => 7, 8));
         it('is not reached', () => {});
       });`,
    ],
    [
      'afterAll',
      `describe('suite', () => {
         afterAll(() => until('it ends', () => 7, 8));
         it('passes', () => {});
       });`,
    ],
  ])('is reported when it is in %s', (_where, body) => {
    const { ok, output } = runJest(body);
    expect(ok).toBe(false);
    expect(output).toContain('Exceeded timeout of 300 ms');
    expect(output).toMatch(/still waiting until it ends after 0\.\d s; last value: 7/);
  });

  it('fails the test that did not await it', () => {
    const { ok, output } = runJest(
      `it('starts', () => { until('it ends', () => 7, 8).catch(() => {}); });`,
    );
    expect(ok).toBe(false);
    expect(output).toContain('still waiting until it ends');
  });
});
