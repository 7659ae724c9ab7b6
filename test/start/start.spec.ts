import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv, promisify } from 'node:util';
import { ask } from '../../tools/local/ports.mjs';
import {
  identify,
  isAlive,
  stopProcess,
  waitUntilGone,
  type ProcessRecord,
} from '../../tools/local/processes.mjs';
import { commandLineOf } from '../support/command-line';
import { someOf } from '../support/long-tests';
import { CheckoutCopy } from './started-checkout';

const STOP_LIMIT_MS = 10_000;
const ACCOUNT = { email: 'ada@example.com', password: 'correct horse battery staple' };
const SECRETS = ['jwt-secret', 'postgres-password', 'redis-password'];
const SERVERS = ['Postgres', 'Redis', 'The API'];

jest.setTimeout(240_000);

describe('npm start', () => {
  let checkout: CheckoutCopy;

  beforeAll(async () => {
    checkout = await CheckoutCopy.create();
  });

  afterAll(() => checkout.remove());

  /** A start takes seconds: the run that the test before has left is used where there is one. */
  const running = () => checkout.running();

  async function post(path: string, body: object): Promise<number> {
    const response = await fetch(`${checkout.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    await response.body?.cancel();
    return response.status;
  }

  async function isServing(): Promise<boolean> {
    const response = await fetch(`${checkout.url}/health/live`);
    await response.body?.cancel();
    return response.ok;
  }

  function find(name: string, records: ProcessRecord[]): ProcessRecord {
    const record = records.find((candidate) => candidate.name === name);
    if (record === undefined) {
      throw new Error(`${name} does not run`);
    }
    return record;
  }

  function secret(name: string): string {
    return readFileSync(join(checkout.dir, '.data', name), 'utf8').trim();
  }

  /** The settings of the stores that run. */
  function storesFile(): string {
    return join(checkout.dir, '.data', 'running.env');
  }

  /** The URL of the running Redis, as the command line gets it. */
  function redisUrl(): URL {
    const { REDIS_URL } = parseEnv(secret('running.env'));
    return new URL(REDIS_URL ?? '');
  }

  function namesOf(records: ProcessRecord[]): string[] {
    return records.map(({ name }) => name).sort();
  }

  it('reads .env, which the environment overrides', async () => {
    const file = join(checkout.dir, '.env');
    writeFileSync(file, 'NODE_ENV=production\n');
    const inFile = checkout.run();
    expect(await inFile.exited()).toBe(1);
    expect(inFile.text()).toContain('Nothing is embedded');

    writeFileSync(file, '\uFEFFPORT=nonsense\n');
    const overridden = await running();
    writeFileSync(file, '');

    expect(overridden.text()).toContain(`http://localhost:${checkout.port}/api`);
  });

  it('prints a line for each step and the addresses, and keeps its secrets to its owner', async () => {
    const run = await running();

    expect(run.text()).toMatch(/latchkey {2}starting Postgres/);
    expect(run.text()).toMatch(/latchkey {2}starting Redis \(.+\)/);
    expect(run.text()).toContain(
      [
        'Latchkey is ready.',
        `  Overview    http://localhost:${checkout.port}/`,
        `  API         http://localhost:${checkout.port}/api`,
        `  Swagger UI  http://localhost:${checkout.port}/docs`,
        `  Health      http://localhost:${checkout.port}/api/auth/health`,
        '  First admin npx latchkey users grant-role EMAIL admin',
        '  Stop with Ctrl-C; data stays in .data/',
      ].join('\n'),
    );
    expect(await isServing()).toBe(true);
    for (const secret of [...SECRETS, join('redis', 'password.conf')]) {
      expect(statSync(join(checkout.dir, '.data', secret)).mode & 0o777).toBe(0o600);
    }
  });

  it('gives its Redis a password, which is in no output and in no command line', async () => {
    const run = await running();

    const { port, password } = redisUrl();
    expect(password).toBe(secret('redis-password'));
    expect(await ask(Number(port), 'INFO server\r\n')).toMatch(/^-NOAUTH /);
    const commandLines = checkout.children().map(({ pid }) => commandLineOf(pid));
    expect(commandLines.every((line) => line !== '')).toBe(true);
    for (const value of SECRETS.map(secret)) {
      expect(value.length).toBeGreaterThanOrEqual(64);
      expect(`${run.text()} ${commandLines.join(' ')}`).not.toContain(value);
    }
  });

  it('is refused beside a running one, which keeps answering', async () => {
    const first = await running();
    const children = checkout.children();

    const second = checkout.run();

    expect(await second.exited()).toBe(1);
    expect(second.text()).toBe(
      `Latchkey runs at http://localhost:${checkout.port} from this folder already ` +
        `(process ${first.child.pid}): use that one, or stop it with Ctrl-C there or with kill ` +
        `${first.child.pid}.\n`,
    );
    expect(await isServing()).toBe(true);
    expect(checkout.children()).toEqual(children);
  });

  it('keeps the users, leaves no process behind, and starts on data of a Redis that had another password', async () => {
    const first = await running();
    expect(await post('/api/auth/register', ACCOUNT)).toBe(201);
    const children = checkout.children();
    expect(namesOf(children)).toEqual([...SERVERS].sort());
    const old = secret('redis-password');

    const askedAt = Date.now();
    first.child.kill('SIGTERM');
    expect(await first.exited()).toBe(0);
    expect(Date.now() - askedAt).toBeLessThan(STOP_LIMIT_MS);
    expect(children.filter(isAlive)).toEqual([]);
    expect(existsSync(join(checkout.dir, '.data', 'start.lock'))).toBe(false);

    rmSync(join(checkout.dir, '.data', 'redis-password'));
    // As the file of a start by another umask may be.
    chmodSync(join(checkout.dir, '.data', 'redis', 'password.conf'), 0o644);
    await running();

    const { port, password } = redisUrl();
    expect(password).not.toBe(old);
    expect(await ask(Number(port), `AUTH ${old}\r\n`)).toMatch(/^-WRONGPASS /);
    expect(await ask(Number(port), `AUTH ${password}\r\n`)).toMatch(/^\+OK/);
    const mode = statSync(join(checkout.dir, '.data', 'redis', 'password.conf')).mode;
    expect(mode & 0o777).toBe(0o600);
    const health = await fetch(`${checkout.url}/api/auth/health`);
    expect(await health.json()).toMatchObject({ redis: 'connected' });
    expect(await post('/api/auth/login', ACCOUNT)).toBe(200);
  });

  it('lets the command line find its stores while they run', async () => {
    await running();
    const email = 'admin@example.com';
    expect(await post('/api/auth/register', { ...ACCOUNT, email })).toBe(201);
    expect(statSync(storesFile()).mode & 0o777).toBe(0o600);
    const cli = join('dist', 'apps', 'cli', 'main.js');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [cli, 'users', 'grant-role', email, 'admin', '--json'],
      { cwd: checkout.dir, env: { PATH: process.env.PATH }, timeout: 30_000 },
    );
    expect(stdout).toContain('"admin"');
  });

  it.each(someOf(['SIGINT', 'SIGHUP'] as const, 1))('stops cleanly on %s', async (signal) => {
    const run = await running();
    const children = checkout.children();
    expect(existsSync(storesFile())).toBe(true);

    run.child.kill(signal);

    expect(await run.exited()).toBe(0);
    expect(run.text()).toMatch(/latchkey {2}stopped\n$/);
    expect(children.filter(isAlive)).toEqual([]);
    expect(existsSync(storesFile())).toBe(false);
  });

  it('stops the API when it is killed with -9, and recovers with the data', async () => {
    const first = await running();
    const account = { ...ACCOUNT, email: 'grace@example.com' };
    expect(await post('/api/auth/register', account)).toBe(201);
    const orphans = checkout.children();
    first.child.kill('SIGKILL');
    await first.exited();
    expect(await waitUntilGone(find('The API', orphans), STOP_LIMIT_MS)).toBe(true);
    expect(orphans.filter(isAlive).length).toBeGreaterThan(0);

    const next = await running();

    expect(next.text()).toContain('cleaning up after a start that was killed');
    expect(orphans.filter(isAlive)).toEqual([]);
    expect(namesOf(checkout.children())).toEqual([...SERVERS].sort());
    expect(await post('/api/auth/login', account)).toBe(200);
  });

  it.each(someOf(SERVERS, 1))('stops the rest and prints why when %s dies', async (name) => {
    const run = await running();
    const children = checkout.children();
    const victim = find(name, children);

    await stopProcess(victim, 'SIGKILL', STOP_LIMIT_MS);

    expect(await run.exited()).toBe(1);
    expect(run.text()).toContain(`Latchkey stopped: ${name} ended (signal SIGKILL).`);
    expect(children.filter(isAlive)).toEqual([]);
  });

  it('prints in one sentence that the port is in use, and starts nothing', async () => {
    await checkout.stop();
    const other = createServer().listen(checkout.port, '127.0.0.1');
    try {
      const run = checkout.run();

      expect(await run.exited()).toBe(1);
      expect(run.text()).toBe(
        `Port ${checkout.port} of 127.0.0.1 is taken by another program: stop it or set PORT, ` +
          'for example PORT=3001 npm start.\n',
      );
    } finally {
      other.close();
    }
  });

  it('starts no embedded store in production', async () => {
    await checkout.stop();
    const run = checkout.run({ NODE_ENV: 'production' });

    expect(await run.exited()).toBe(1);
    expect(run.text()).toMatch(/^Nothing is embedded .* set DATABASE_URL and REDIS_URL;.*\n$/);
  });

  it('prints a wrong setting as one sentence that names it, not its value, and stops all', async () => {
    await checkout.stop();
    const run = checkout.run({ SESSION_TTL: 'tuesday' });

    expect(await run.exited()).toBe(1);
    expect(run.text()).toMatch(/^SESSION_TTL .+$/m);
    expect(run.text()).not.toContain('tuesday');
    expect(run.text()).not.toContain('starting');
    expect(readdirSync(join(checkout.dir, '.data'))).not.toContain('start.lock');
  });

  it('stops at once on a second Ctrl-C', async () => {
    const run = await running();
    const children = checkout.children();
    const supervisor = identify(run.child.pid ?? 0);
    const api = find('The API', children);
    process.kill(api.pid, 'SIGSTOP');

    run.child.kill('SIGINT');
    await sleep(1_000);
    expect(isAlive(supervisor)).toBe(true);
    run.child.kill('SIGINT');

    expect(await run.exited()).toBe(1);
    for (const child of children) {
      expect(await waitUntilGone(child, STOP_LIMIT_MS)).toBe(true);
    }
  });
});
