import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { LockHeld, takeLock, waitForLock } from '../../tools/local/lock.mjs';
import { closeProcessList, identify, isAlive } from '../../tools/local/processes.mjs';

const LOCK_MODULE = pathToFileURL(join(__dirname, '../../tools/local/lock.mjs')).href;
const RACERS = 20;

/** Takes the lock, prints `won` or `held`, and stays until it is killed. */
const TAKER = `
  import { takeLock } from ${JSON.stringify(LOCK_MODULE)};
  const told = await takeLock(process.env.LOCK).then(() => 'won', (error) => error.name);
  console.log(told);
  setInterval(() => undefined, 1000);
`;

describe('the lock of a start', () => {
  let dir: string;
  let path: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'latchkey-lock-'));
    path = join(dir, 'start.lock');
  });

  afterEach(async () => {
    await Promise.all(children.splice(0).map(killed));
    // This process would note its children there for as long as it runs.
    closeProcessList(`${path}.children`);
    rmSync(dir, { recursive: true, force: true });
  });

  function spawnNode(script: string): ChildProcess {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, LOCK: path },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  function spawnTaker() {
    return spawnNode(TAKER);
  }

  function writeHolder(holder: object): void {
    writeFileSync(path, JSON.stringify({ nonce: 'n', ...holder }));
  }

  it('is refused beside a live holder, which is named with its address', async () => {
    const lock = await takeLock(path);
    lock.setUrl('http://localhost:3000');

    const refusal: unknown = await takeLock(path).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(LockHeld);
    expect(refusal).toMatchObject({ holder: { pid: process.pid, url: 'http://localhost:3000' } });
    expect(readdirSync(dir).sort()).toEqual(['start.lock', 'start.lock.children']);
  });

  it('is free again once it is released', async () => {
    (await takeLock(path)).release();

    (await takeLock(path)).release();

    expect(readdirSync(dir)).toEqual([]);
  });

  it('is taken over from a holder that was killed', async () => {
    const holder = spawnTaker();
    expect(await firstLine(holder)).toBe('won');
    await killed(holder);

    const lock = await takeLock(path);

    expect(readHolderPid(path)).toBe(process.pid);
    lock.release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each(['', '{', 'null', '{"pid":1}'])(
    'is taken over when its file holds %j',
    async (content) => {
      writeFileSync(path, content);

      await takeLock(path);

      expect(readHolderPid(path)).toBe(process.pid);
    },
  );

  it('does not count a process with a reused number as the holder', async () => {
    writeHolder({ pid: process.pid, startedAt: 'long ago' });

    await takeLock(path);

    expect(readHolderPid(path)).toBe(process.pid);
  });

  it('stops the children of a killed holder and nothing else', async () => {
    const [orphan, bystander] = [spawnNode(WAITER), spawnNode(WAITER)];
    await Promise.all([firstLine(orphan), firstLine(bystander)]);
    const signals = { stopSignal: 'SIGTERM', killSignal: 'SIGKILL' };
    const record = { name: 'Redis', ...signals, ...identify(pidOf(orphan)) };
    const reused = { name: 'API', ...signals, pid: pidOf(bystander), startedAt: 'long ago' };
    writeHolder({ pid: process.pid, startedAt: 'long ago' });
    writeFileSync(`${path}.children`, `${JSON.stringify(record)}\n${JSON.stringify(reused)}\n{"pi`);

    await takeLock(path);

    expect(isAlive(record)).toBe(false);
    expect(isAlive(identify(pidOf(bystander)))).toBe(true);
  });

  it('is won by exactly one of many that find it stale together', async () => {
    writeHolder({ pid: process.pid, startedAt: 'long ago' });

    const told = await Promise.all(Array.from({ length: RACERS }, () => firstLine(spawnTaker())));

    expect(told.filter((line) => line === 'won')).toHaveLength(1);
    expect(told.filter((line) => line === 'LockHeld')).toHaveLength(RACERS - 1);
    expect(readdirSync(dir).sort()).toEqual(['start.lock', 'start.lock.children']);
  });

  it('can be waited for, with one message', async () => {
    const first = await takeLock(path);
    const waits: number[] = [];
    const second = waitForLock(path, {
      deadlineMs: 10_000,
      onWait: ({ pid }) => waits.push(pid),
    });
    setTimeout(() => first.release(), 350);

    (await second).release();

    expect(waits).toEqual([process.pid]);
  });

  it('is not waited for beyond the deadline', async () => {
    await takeLock(path);

    const waiting = waitForLock(path, { deadlineMs: 150, onWait: () => undefined });

    await expect(waiting).rejects.toThrow(/still holds .*start\.lock after 0\.15 s/);
  });
});

const WAITER = `console.log('up'); setInterval(() => undefined, 1000);`;

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) {
    throw new Error('the child has no standard output');
  }
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return line;
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) {
    throw new Error('the child did not start');
  }
  return child.pid;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

function readHolderPid(path: string): number {
  return (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid;
}
