import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { ROOT } from '../../tools/local/paths.mjs';
import { Meter } from '../faults/load/meter';
import { PASSWORD } from '../support/app';
import type { ApiProcess } from '../support/api-process';
import { useApiSuite } from '../support/api-suite';
import { inTurns } from '../support/in-turns';
import { Scrape } from '../support/metrics';
import { plain } from '../support/pictures';
import { insertSessions } from '../support/session-rows';

/*
 * Prints what attacks cost honest clients, and asserts nothing:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/abuse.ts'
 */

const SECONDS = 10;
const DAY_MS = 86_400_000;
/** Sessions of the one user who has far too many. */
const MANY = Number(process.env.LATCHKEY_FIGURES_SESSIONS ?? 150_000);
const READERS = 8;
const SIGN_INS = 25;

type Kind = 'read' | 'signIn' | 'write' | 'upload';
type Honest = Record<Kind, Meter>;

interface Stage {
  api: ApiProcess;
  /** Honest users, each with an address of its own from which it has signed in. */
  users: (AuthResultDto & { address: string })[];
}

interface Attack {
  what: string;
  /** Of attacks.mjs; absent: `strike` is all. */
  program?: string;
  parameters?: (stage: Stage) => Promise<unknown>;
  /** One blow, while honest clients are at work. */
  strike?: (stage: Stage) => Promise<string>;
}

const authorized = (token: string) => ({ authorization: `Bearer ${token}` });

describe('figures', () => {
  const suite = useApiSuite();
  const lines: string[] = [];

  afterAll(() => {
    process.stdout.write(`\n${lines.join('\n')}\n\n`);
  });

  async function register(api: ApiProcess, email: string, address: string) {
    const call = { json: { email, password: PASSWORD }, headers: { 'x-forwarded-for': address } };
    const { status, body } = await api.http.post<AuthResultDto>('/api/auth/register', call);
    expect(status).toBe(201);
    return { ...body, address };
  }

  let stages = 0;

  async function stage(): Promise<Stage> {
    stages += 1;
    const api = await suite.spawn({ RATE_LIMIT: 'on', TRUST_PROXY: '1', LOG_LEVEL: 'error' });
    await api.untilServing();
    const users = await inTurns(SIGN_INS, 2, (index) =>
      register(api, `honest-${stages}-${index}@example.com`, `198.51.100.${index}`),
    );
    for (const { user, address } of users) {
      await signIn(api, user.email, address);
    }
    return { api, users };
  }

  const signIn = (api: ApiProcess, email: string, address: string) =>
    api.http.post<AuthResultDto>('/api/auth/login', {
      json: { email, password: PASSWORD },
      headers: { 'x-forwarded-for': address },
    });

  /** Honest clients at work, until the signal. */
  async function work({ api, users }: Stage, honest: Honest, signal: AbortSignal): Promise<void> {
    const picture = await plain('red').png().toBuffer();
    const again = async (kind: Kind, everyMs: number, ask: (index: number) => Promise<number>) => {
      for (let index = 0; !signal.aborted; index += 1) {
        const began = performance.now();
        await honest[kind]
          .measure(async () => ({ status: await ask(index).catch(() => 0) }))
          .catch(() => undefined);
        await pause(Math.max(0, everyMs - (performance.now() - began)));
      }
    };
    const nth = (index: number) => users[index % users.length]!;
    await Promise.all([
      ...Array.from({ length: READERS }, (_, reader) =>
        again('read', 5, async () => {
          const headers = authorized(nth(reader).accessToken);
          return (await api.http.get('/api/auth/profile', { headers })).status;
        }),
      ),
      again('signIn', 400, async (index) => {
        const { user, address } = nth(index);
        return (await signIn(api, user.email, address)).status;
      }),
      again('write', 400, async (index) => {
        const headers = authorized(nth(index).accessToken);
        const json = { bio: `${index}` };
        return (await api.http.put('/api/auth/profile', { headers, json })).status;
      }),
      again('upload', 1000, async (index) => {
        const form = new FormData();
        form.append('avatar', new Blob([picture], { type: 'image/png' }), 'a.png');
        const { accessToken, address } = nth(index);
        const response = await fetch(`http://127.0.0.1:${api.port}/api/auth/profile/avatar`, {
          method: 'POST',
          headers: { ...authorized(accessToken), 'x-forwarded-for': address },
          body: form,
        });
        await response.arrayBuffer();
        return response.status;
      }),
    ]);
  }

  async function load(): Promise<{ transactions: number; redisSeconds: number; usedKib: number }> {
    const [row] = await suite.database.sql.query<[{ count: string }]>(
      `SELECT xact_commit + xact_rollback AS count FROM pg_stat_database
        WHERE datname = current_database()`,
    );
    const info = await suite.redis.client.info();
    const field = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
    return {
      transactions: Number(row.count),
      redisSeconds: field('used_cpu_user') + field('used_cpu_sys'),
      usedKib: field('used_memory') / 1024,
    };
  }

  async function slowestScriptMs(): Promise<number> {
    const entries = (await suite.redis.client.call('SLOWLOG', 'GET', '1000')) as [
      number,
      number,
      number,
    ][];
    return Math.max(0, ...entries.map(([, , microseconds]) => microseconds)) / 1000;
  }

  /** The longest block of the event loop of the API, as another client measures it. */
  async function watchEventLoop(api: ApiProcess, signal: AbortSignal): Promise<number> {
    let longest = 0;
    while (!signal.aborted) {
      const began = performance.now();
      await api.http.get('/health/live').catch(() => undefined);
      longest = Math.max(longest, performance.now() - began);
      await pause(10);
    }
    return longest;
  }

  async function run({ what, program, parameters, strike }: Attack): Promise<void> {
    const set = await stage();
    const given = (await parameters?.(set)) ?? {};
    await suite.redis.client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '2000');
    await suite.redis.client.call('CONFIG', 'SET', 'slowlog-max-len', '1000');
    await suite.redis.client.call('SLOWLOG', 'RESET');
    const honest: Honest = {
      read: new Meter(),
      signIn: new Meter(),
      write: new Meter(),
      upload: new Meter(),
    };
    const before = await load();
    const attacker =
      program === undefined
        ? undefined
        : spawn(
            process.execPath,
            [
              join(ROOT, 'test', 'figures', 'attacks.mjs'),
              program,
              String(set.api.port),
              JSON.stringify(given),
            ],
            { stdio: 'inherit' },
          );
    await pause(attacker ? 1000 : 0);
    const end = new AbortController();
    const working = work(set, honest, end.signal);
    const watching = watchEventLoop(set.api, end.signal);
    const beganMs = performance.now();
    const struck = await strike?.(set);
    await pause(Math.max(0, SECONDS * 1000 - (performance.now() - beganMs)));
    end.abort();
    const longest = await watching;
    await working;
    const seconds = (performance.now() - beganMs) / 1000;
    const metrics = set.api.isAlive
      ? await Scrape.of(`http://127.0.0.1:${set.api.port}`).catch(() => undefined)
      : undefined;
    attacker?.kill('SIGKILL');
    const after = await load();
    const share = (meter: Meter) => `${meter.count - meter.failed}/${meter.count}`;
    const lag = metrics?.find('nodejs_eventloop_lag_max_seconds')[0]?.value ?? NaN;
    lines.push(
      `| ${[
        what,
        struck ?? '',
        share(honest.read),
        honest.read.percentileMs(0.99).toFixed(0),
        share(honest.signIn),
        share(honest.write),
        share(honest.upload),
        longest.toFixed(0),
        (lag * 1000).toFixed(0),
        (await slowestScriptMs()).toFixed(0),
        ((after.transactions - before.transactions) / seconds).toFixed(0),
        (((after.redisSeconds - before.redisSeconds) / seconds) * 100).toFixed(0),
        (after.usedKib - before.usedKib).toFixed(0),
        set.api.isAlive ? 'alive' : 'dead',
      ].join(' | ')} |`,
    );
    await set.api.kill();
  }

  /** A user with far too many sessions, in both stores. */
  async function hoarder({ api }: Stage): Promise<AuthResultDto> {
    const owner = await register(api, `hoarder-${stages}@example.com`, '203.0.113.1');
    const { user } = owner;
    for (let seeded = 0; seeded < MANY; seeded += 10_000) {
      const some = Math.min(10_000, MANY - seeded);
      await insertSessions(suite.database, user.id, some, Date.now() + DAY_MS);
    }
    const rows = await suite.database.sql.query<{ id: string }[]>(
      'SELECT id FROM sessions WHERE user_id = $1',
      [user.id],
    );
    const [epoch = ''] = ((await suite.redis.client.get('latchkey:checkpoint')) ?? '').split('|');
    const expiresAtMs = Date.now() + DAY_MS;
    const key = `session:{${user.id}}`;
    await suite.redis.client.hset(key, '#', `${epoch}|1`);
    for (let begin = 0; begin < rows.length; begin += 1000) {
      const some = rows.slice(begin, begin + 1000);
      const fields = some.map(({ id }) => Buffer.from(id.replaceAll('-', ''), 'hex'));
      const entry = `${expiresAtMs.toString(36)}1`;
      await suite.redis.client.hset(key, ...fields.flatMap((field) => [field, entry]));
      await suite.redis.client.zadd(
        `user:tokens:{${user.id}}`,
        ...fields.flatMap((field) => [Math.ceil(expiresAtMs / 1000), field]),
      );
    }
    const minute = Math.floor(expiresAtMs / 60_000);
    await suite.redis.client.hincrby('latchkey:statistics', 's', rows.length - 1);
    await suite.redis.client.hincrby('latchkey:statistics', `s:${minute}`, rows.length - 1);
    await suite.database.sql.query('ANALYZE sessions');
    return owner;
  }

  const ATTACKS: Attack[] = [
    { what: 'none' },
    { what: 'texts that are dear to normalise', program: 'text' },
    ...['logging out everywhere', 'changing the password', 'being disabled'].map(
      (how, index): Attack => {
        let owner: AuthResultDto;
        let admin: AuthResultDto;
        return {
          what: `${MANY} sessions of one user, ${how}`,
          parameters: async (set) => {
            owner = await hoarder(set);
            const { user } = await register(set.api, `admin-${stages}@example.com`, '203.0.113.2');
            await suite.database.sql.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [
              user.id,
            ]);
            admin = (await signIn(set.api, user.email, '203.0.113.2')).body;
          },
          strike: async ({ api }) => {
            const beganMs = performance.now();
            const headers = authorized(owner.accessToken);
            const asAdmin = { headers: authorized(admin.accessToken), json: { disabled: true } };
            const json = { currentPassword: PASSWORD, newPassword: 'another battery staple' };
            const calls = [
              () => api.http.post('/api/auth/logout-all', { headers }),
              () => api.http.put('/api/auth/profile/password', { headers, json }),
              () => api.http.call('PATCH', `/api/admin/users/${owner.user.id}`, asAdmin),
            ];
            const { status } = await calls[index]!().catch(() => ({ status: 0 }));
            const verified = await api.http
              .get('/api/auth/verify', { headers })
              .catch(() => ({ status: 0 }));
            const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
            return `${status} in ${seconds} s, then ${verified.status}`;
          },
        };
      },
    ),
    { what: '3,200 connections with invented refresh tokens', program: 'refresh' },
    { what: '64 networks of one /56, no hash', program: 'lockout' },
    { what: '300 sign-ins at once, ever new networks', program: 'hashes' },
    {
      what: 'one connection that pipelines',
      program: 'pipeline',
      parameters: async ({ users }) => Promise.resolve({ token: users[0]!.accessToken }),
    },
    {
      what: 'four accounts that trickle pictures',
      program: 'uploads',
      parameters: async ({ api }) => ({
        tokens: (
          await inTurns(4, 1, (index) =>
            register(api, `slow-${stages}-${index}@example.com`, '203.0.113.3'),
          )
        ).map(({ accessToken }) => accessToken),
      }),
    },
  ];

  it('of attacks, beside honest clients', async () => {
    lines.push(
      '| attack | the blow | reads | p99 ms | sign-ins | writes | pictures | longest wait ms | loop lag ms | slowest script ms | transactions/s | Redis CPU % | Redis KiB | process |',
      `| ${'--- | '.repeat(14)}`,
    );
    const only = process.env.LATCHKEY_FIGURES_ONLY;
    for (const attack of ATTACKS.filter(({ what }) => !only || what.includes(only))) {
      await run(attack);
      process.stdout.write(`${lines.at(-1)}\n`);
    }
  }, 1_800_000);
});
