import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyStates, writeActive } from './key-directory';
import {
  activatableAtMs,
  activateKey,
  addKey,
  KEY_PROPAGATION_MS,
  KeyInUseError,
  KeyNotFoundError,
  retirableAtMs,
  retireKey,
} from './key-rotation';

const TOKEN_TTL_MS = 900_000;
const MINUTE_MS = 60_000;
const UNKNOWN = 'k'.repeat(43);

describe('the keys of a directory', () => {
  let directory: string;
  const nowMs = Date.now();

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'latchkey-rotation-'));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const states = () => keyStates(directory).map(({ kid, state }) => [kid, state]);

  function changedAgo(name: string, ms: number): void {
    const at = new Date(nowMs - ms);
    utimesSync(join(directory, name), at, at);
  }

  const add = async () => (await addKey(directory)).kid;

  it('sign at once when they are the first, and are only published otherwise', async () => {
    const first = await addKey(directory);
    expect(first.state).toBe('signing');
    const second = await addKey(directory);
    expect(second.state).toBe('published');
    expect(activatableAtMs(second) - second.publishedAtMs).toBe(KEY_PROPAGATION_MS);
    expect(states()).toEqual([
      [first.kid, 'signing'],
      [second.kid, 'published'],
    ]);
  });

  it('are activated once they have been published for ten minutes', async () => {
    const [first, second] = [await add(), await add()];
    const early = activateKey(directory, second, { nowMs });
    await expect(early).rejects.toThrow(KeyInUseError);
    await expect(early).rejects.toThrow(/less than 10 minutes ago.*after \d{4}-.*Z, or use --now/);
    expect(states()[0]).toEqual([first, 'signing']);
    changedAgo(`${second}.pem`, KEY_PROPAGATION_MS);
    await activateKey(directory, second, { nowMs });
    await activateKey(directory, second, { nowMs });
    expect(states()).toEqual([
      [second, 'signing'],
      [first, 'retiring'],
    ]);
  });

  it('are activated at once with `force`, or while no key signs', async () => {
    const [first, second] = [await add(), await add()];
    await activateKey(directory, second, { nowMs, force: true });
    expect(states()[0]).toEqual([second, 'signing']);
    rmSync(join(directory, 'active'));
    await activateKey(directory, first, { nowMs });
    expect(states()[0]).toEqual([first, 'signing']);
  });

  it('are retired once every token that they signed has expired', async () => {
    const [first, second] = [await add(), await add()];
    await activateKey(directory, second, { nowMs, force: true });
    changedAgo(`${first}.pem`, 90 * 86_400_000);
    changedAgo(`${first}.retiring`, TOKEN_TTL_MS + KEY_PROPAGATION_MS - MINUTE_MS);
    const early = retireKey(directory, first, TOKEN_TTL_MS, { nowMs });
    await expect(early).rejects.toThrow(KeyInUseError);
    const [, state] = keyStates(directory);
    const retirableAt = new Date(Math.ceil(retirableAtMs(state!, TOKEN_TTL_MS)! / 1000) * 1000);
    expect(retirableAt.getTime() - nowMs).toBeGreaterThan(MINUTE_MS - 5_000);
    await expect(early).rejects.toThrow(
      `may be valid: retire it after ${retirableAt.toISOString().replace('.000', '')}, or use --now`,
    );
    changedAgo(`${first}.retiring`, TOKEN_TTL_MS + KEY_PROPAGATION_MS);
    await retireKey(directory, first, TOKEN_TTL_MS, { nowMs });
    expect(states()).toEqual([[second, 'signing']]);
  });

  it('are retired earlier only with `force`, also when files are newer than the last activation', async () => {
    const [first, second] = [await add(), await add()];
    changedAgo('active', MINUTE_MS);
    await expect(retireKey(directory, second, TOKEN_TTL_MS, { nowMs })).rejects.toThrow(
      KeyInUseError,
    );
    await retireKey(directory, second, TOKEN_TTL_MS, { nowMs, force: true });
    const third = await add();
    await activateKey(directory, third, { nowMs, force: true });
    await retireKey(directory, first, TOKEN_TTL_MS, { nowMs, force: true });
    expect(states()).toEqual([[third, 'signing']]);
  });

  it('count from when each last signed, not from the last activation', async () => {
    const [first, second] = [await add(), await add()];
    await activateKey(directory, second, { nowMs, force: true });
    changedAgo(`${first}.retiring`, TOKEN_TTL_MS + KEY_PROPAGATION_MS);
    const third = await add();
    await activateKey(directory, third, { nowMs, force: true });
    await retireKey(directory, first, TOKEN_TTL_MS, { nowMs });
    await expect(retireKey(directory, second, TOKEN_TTL_MS, { nowMs })).rejects.toThrow(
      KeyInUseError,
    );
    expect(readdirSync(directory).sort()).toEqual(
      [`${second}.pem`, `${second}.retiring`, `${third}.pem`, 'active'].sort(),
    );
  });

  it('begin to count again when they have signed again', async () => {
    const [first, second] = [await add(), await add()];
    const change = { nowMs, force: true };
    await activateKey(directory, second, change);
    changedAgo(`${first}.retiring`, TOKEN_TTL_MS + KEY_PROPAGATION_MS);
    await activateKey(directory, first, change);
    expect(states()).toEqual([
      [first, 'signing'],
      [second, 'retiring'],
    ]);
    await activateKey(directory, second, change);
    await expect(retireKey(directory, first, TOKEN_TTL_MS, { nowMs })).rejects.toThrow(
      KeyInUseError,
    );
  });

  it('count from the last activation when no mark shows that they have signed', async () => {
    const [first, second] = [await add(), await add()];
    await writeActive(directory, second);
    changedAgo('active', TOKEN_TTL_MS + KEY_PROPAGATION_MS - MINUTE_MS);
    await expect(retireKey(directory, first, TOKEN_TTL_MS, { nowMs })).rejects.toThrow(
      KeyInUseError,
    );
    changedAgo('active', TOKEN_TTL_MS + KEY_PROPAGATION_MS);
    await retireKey(directory, first, TOKEN_TTL_MS, { nowMs });
  });

  it('are never retired while they sign', async () => {
    const kid = await add();
    const retired = retireKey(directory, kid, TOKEN_TTL_MS, { nowMs, force: true });
    await expect(retired).rejects.toThrow('This key is active: activate another one first.');
  });

  it.each([UNKNOWN, '', '../active', '..'])('are not found by the kid %j', async (kid) => {
    await add();
    const options = { nowMs, force: true };
    for (const active of [true, false]) {
      await expect(activateKey(directory, kid, options)).rejects.toThrow(KeyNotFoundError);
      if (active) {
        const retired = retireKey(directory, kid, TOKEN_TTL_MS, options);
        await expect(retired).rejects.toThrow(KeyNotFoundError);
        rmSync(join(directory, 'active'));
      }
    }
  });
});
