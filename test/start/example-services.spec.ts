import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAlive, readProcessList } from '../../tools/local/processes.mjs';
import { until } from '../support/until';
import { CheckoutCopy, type StartRun } from './started-checkout';

jest.setTimeout(300_000);

describe('npm run example:services', () => {
  let checkout: CheckoutCopy;
  let run: StartRun;
  /** The commands that it prints. */
  let commands: { signUp: string; orders: string; logout: string; watch: string };

  beforeAll(async () => {
    checkout = await CheckoutCopy.create();
    run = checkout.run({}, join('examples', 'services', 'start.mjs'));
    const text = await until(
      'the services are ready',
      () => {
        if (run.child.exitCode !== null) {
          throw new Error(run.text());
        }
        return run.text();
      },
      (printed) => printed.includes('Stop with Ctrl-C.\n'),
    );
    const line = (start: string) => text.split('\n').find((one) => one.startsWith(start)) ?? '';
    commands = {
      signUp: line('TOKEN='),
      orders: line('curl -s -w'),
      logout: line('curl -si -X POST'),
      watch: line('node '),
    };
  });

  afterAll(() => checkout.remove());

  async function shell(script: string, token = ''): Promise<string> {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: checkout.dir,
      env: { ...process.env, TOKEN: token },
      timeout: 30_000,
    });
    return stdout;
  }

  /** The statuses of the three services. */
  async function orders(token: string): Promise<string[]> {
    const printed = await shell(commands.orders, token);
    return Array.from(printed.matchAll(/ (\d{3})$/gm), ([, status = '']) => status);
  }

  it('prints commands that work: 200 at each service, after a logout 401, and the WebSocket ends', async () => {
    const token = (await shell(`${commands.signUp}; echo "$TOKEN"`)).trim();
    expect(token.split('.')).toHaveLength(3);
    expect(await shell(commands.orders, token)).toMatch(
      /"service":"Express".* 200\n.*"service":"Fastify".* 200\n.*"service":"Nest".* 200\n/,
    );
    let watched = '';
    const watch = spawn('bash', ['-c', `exec ${commands.watch}`], {
      cwd: checkout.dir,
      env: { ...process.env, TOKEN: token },
    });
    watch.stdout.setEncoding('utf8').on('data', (chunk: string) => (watched += chunk));
    await until('the gateway has answered', () => watched.includes('"service":"Nest"'));

    expect(await shell(commands.logout, token)).toContain('204 No Content');

    await until('each service refuses the token', () => orders(token), ['401', '401', '401']);
    await until('the socket is closed', () => watched.includes('closed 4401'));
  });

  it('stops everything with one signal, and leaves no key behind', async () => {
    const list = join(checkout.dir, '.data', 'services.lock.children');
    const children = [...readProcessList(list), ...checkout.children()];
    expect(children.map(({ name }) => name).sort()).toEqual(
      ['Express', 'Fastify', 'Latchkey', 'Nest', 'Postgres', 'Redis', 'The API'].sort(),
    );
    run.child.kill('SIGINT');
    expect(await run.exited()).toBe(0);
    expect(children.filter(isAlive)).toEqual([]);
    expect(existsSync(join(checkout.dir, '.data', 'services-keys'))).toBe(false);
  });
});
