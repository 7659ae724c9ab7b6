import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { freePort } from '../../tools/local/ports.mjs';
import { startRedis } from '../../tools/local/redis.mjs';
import { Server } from '../../tools/local/server.mjs';
import type { ApiProcess } from '../support/api-process';
import { useApiSuite } from '../support/api-suite';
import { newEmail, PASSWORD } from '../support/app';
import { selfSignedCertificate } from '../support/certificate';
import { readiness, untilInSync, untilWarned } from '../support/health-report';
import { someOf } from '../support/long-tests';
import { sharedStores } from '../support/shared-stores';
import { newFolder } from '../support/stores';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const PROFILE = '/api/auth/profile';

const suite = useApiSuite();
const ends: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function start(...flags: string[]): Promise<{ url: string }> {
  const [port, dir] = [await freePort(), newFolder('redis-')];
  const address = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  await launch([...address, ...flags], dir, 'Ready to accept connections');
  return { url: `redis://127.0.0.1:${port}` };
}

async function register(api: ApiProcess): Promise<AuthResultDto> {
  const json = { email: newEmail(), password: PASSWORD };
  const answer = await api.http.post<AuthResultDto>('/api/auth/register', { json });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Answered by Postgres, as without Redis. */
async function expectService(api: ApiProcess): Promise<void> {
  const { accessToken: token } = await register(api);
  const profile = await api.http.get(PROFILE, { token });
  expect([profile.status, profile.headers.get('x-cache')]).toEqual([200, 'BYPASS']);
  expect((await api.http.post('/api/auth/logout', { token })).status).toBe(204);
  expect((await api.http.get(PROFILE, { token })).status).toBe(401);
}

function complaints(api: ApiProcess): string[] {
  return [...api.logged('warn'), ...api.logged('error')].filter((line) => line !== 'audit event');
}

async function epochs(): Promise<unknown> {
  return suite.database.sql.query('SELECT last_value, is_called FROM redis_epochs');
}

/** A real server with the commands and the version of Redis 6.2. */
async function startOldRedis(...flags: string[]): Promise<{ url: string; proxy: TcpProxy }> {
  const server = await start('--rename-command', 'PEXPIRETIME', '', ...flags);
  const proxy = await TcpProxy.start(Number(new URL(server.url).port));
  proxy.answers = (chunk) =>
    Buffer.from(
      chunk
        .toString('latin1')
        .replace(/redis_version:[\d.]+/g, (found) =>
          'redis_version:6.2.'.padEnd(found.length, '1'),
        ),
      'latin1',
    );
  ends.push(() => proxy.stop());
  return { url: `redis://127.0.0.1:${proxy.port}`, proxy };
}

/** A certificate is refused before the first command, so this needs no Redis with TLS. */
async function startUntrusted(): Promise<string> {
  const { cert, key } = await selfSignedCertificate();
  const server = createServer({ cert, key }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return `rediss://localhost:${(server.address() as AddressInfo).port}?family=4`;
}

async function startSentinel(): Promise<string> {
  const [port, dir] = [await freePort(), newFolder('sentinel-')];
  const config = join(dir, 'sentinel.conf');
  writeFileSync(config, `port ${port}\nbind 127.0.0.1\ndir ${dir}\n`);
  await launch([config, '--sentinel'], dir, 'Sentinel ID');
  return `redis://127.0.0.1:${port}`;
}

/** Not probed for readiness: it may lack PING and INFO. */
async function launch(args: string[], dir: string, ready: string): Promise<void> {
  const server = await Server.spawn(sharedStores().redis.path, args, {
    name: 'Redis',
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: 1000,
    logFile: join(dir, 'redis.log'),
  });
  ends.push(() => server.stop());
  await until(
    `the server logs ${ready}`,
    () => server.log,
    (log) => log.includes(ready),
  );
}

/** Redis servers, and the warnings that name their faults. */
const UNUSABLE: [what: string, code: string, serve: () => Promise<string>][] = [
  ['of a Sentinel', 'sentinel', startSentinel],
  ['of a server whose certificate is not trusted', 'certificate_refused', startUntrusted],
  [
    'of a server without a command that the scripts use',
    'missing_command',
    async () => (await start('--rename-command', 'ZADD', '')).url,
  ],
  [
    'of a server without scripts',
    'missing_command',
    async () => (await start('--rename-command', 'EVALSHA', '')).url,
  ],
  [
    'of a database that does not exist',
    'wrong_database',
    async () => `${(await start('--databases', '1')).url}/7`,
  ],
  [
    'of a full server',
    'out_of_memory',
    async () => (await start('--maxmemory', '500kb', '--maxmemory-policy', 'noeviction')).url,
  ],
  [
    'of a server with too few replicas',
    'too_few_replicas',
    async () => (await start('--min-replicas-to-write', '1')).url,
  ],
];

describe('an address of a Redis that cannot be used', () => {
  it.each(someOf(UNUSABLE, 3))(
    '%s is named in the report and once in the log',
    async (_what, code, serve) => {
      const before = await epochs();
      const api = await suite.spawn({ REDIS_URL: await serve() });
      await api.untilServing();
      const { status, report, warnings } = await readiness(api);
      expect([status, report]).toEqual([200, 'degraded']);
      expect(warnings).toContain(code);
      await expectService(api);
      const other = complaints(api).filter((line) => !line.includes('starting without it'));
      expect(other).toEqual([expect.stringMatching(/^Redis is away: /)]);
      expect(await epochs()).toEqual(before);
      expect(api.complaint).toBe('');
    },
  );

  it.each([
    ['that nothing listens on', 'unreachable', async () => `127.0.0.1:${await freePort()}`],
    [
      'of a server that is no node of a Cluster',
      'cluster_changing',
      async () => new URL((await start()).url).host,
    ],
  ])('%s, for a Cluster, is named in the report, without addresses', async (_what, code, serve) => {
    const nodes = [await serve(), `127.0.0.1:${await freePort()}`];
    const api = await suite.spawn({ REDIS_CLUSTER_NODES: nodes.join() });
    await api.untilServing();
    await untilWarned(api, code);
    const { warnings } = (await readiness(api)).redis;
    const message = warnings.find((warning) => warning.code === code)?.message;
    expect(message).toMatch(/Redis Cluster/);
    nodes.forEach((address) => expect(message).not.toContain(address));
    await expectService(api);
  });

  it('of a server before 7.0 ends the start, with the version found and the version required', async () => {
    const { url } = await startOldRedis();
    const api = await suite.spawn({ REDIS_URL: url });
    expect(await api.ended).toBe('exit code 1');
    expect(api.complaint.trim()).toMatch(
      /^Latchkey could not start: Redis 6\.2\.1+ is too old\. Use Redis 7\.0 or later, or Valkey 8 or later$/,
    );
  });

  it('of a server before 7.0 that forbids INFO ends the start as well', async () => {
    const { url } = await startOldRedis('--rename-command', 'INFO', '');
    const api = await suite.spawn({ REDIS_URL: url });
    expect(await api.ended).toBe('exit code 1');
    expect(api.complaint).toContain('Redis is older than 7.0');
  });

  it('of a server before 7.0 that is found later counts as away, and revoked sessions stay revoked', async () => {
    const old = await startOldRedis();
    const good = await start();
    const wire = await TcpProxy.start(Number(new URL(good.url).port));
    ends.push(() => wire.stop());
    const api = await suite.spawn({ REDIS_URL: `redis://127.0.0.1:${wire.port}` });
    await api.untilServing();
    await untilInSync(api);
    const { accessToken: token } = await register(api);

    wire.pointTo(old.proxy.port);
    wire.endConnections();
    await untilWarned(api, 'too_old');
    const { status, redis } = await readiness(api);
    expect([status, redis.inSync]).toEqual([200, false]);
    expect(redis.warnings[0]?.message).toContain('6.2.1');
    await expectService(api);
    expect((await api.http.post('/api/auth/logout', { token })).status).toBe(204);

    wire.pointTo(Number(new URL(good.url).port));
    wire.endConnections();
    await until('Redis is in sync', async () => {
      expect((await api.http.get(PROFILE, { token })).status).toBe(401);
      return (await readiness(api)).redis.inSync;
    });
    expect((await api.http.get(PROFILE, { token })).status).toBe(401);
  });
});

describe('a Redis that forbids unnecessary commands', () => {
  it('is used, and the report names the missing figures', async () => {
    const forbidden = ['INFO', 'PING', 'CLIENT', 'CONFIG', 'SELECT', 'SCAN'];
    const server = await start(...forbidden.flatMap((name) => ['--rename-command', name, '']));
    const url = new URL(server.url);
    // A server without a password refuses one, and the driver would write that to the console.
    url.password = 'needless';
    const api = await suite.spawn({ REDIS_URL: url.href });
    await api.untilServing();
    const { status, warnings, redis } = await readiness(api);
    expect([status, warnings, redis.inSync]).toEqual([200, ['no_figures'], true]);
    expect(redis).toMatchObject({ version: null, evictionPolicy: null, isClusterNode: null });
    expect(redis.warnings[0]?.message).toContain('INFO');
    const { accessToken: token } = await register(api);
    expect((await api.http.get(PROFILE, { token })).headers.get('x-cache')).toBe('MISS');
    expect((await api.http.get(PROFILE, { token })).headers.get('x-cache')).toBe('HIT');
    expect(complaints(api)).toEqual(['REDIS_URL has a password, but Redis asks for none']);
    expect(api.complaint).toBe('');
  });
});

describe('an outage of Redis under load', () => {
  it('is one line in the log, and not one for each request', async () => {
    const [port, dir] = [await freePort(), newFolder('redis-')];
    const found = sharedStores().redis;
    const launchAgain = () => startRedis({ found, dir, port, flags: ['--appendonly', 'no'] });
    let server = await launchAgain();
    ends.push(() => server.stop());
    const api = await suite.spawn({ REDIS_URL: `redis://127.0.0.1:${port}`, RATE_LIMIT: 'on' });
    await api.untilServing();
    await untilInSync(api);
    const { accessToken: token } = await register(api);

    await server.stop();
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all([
        api.http.get(PROFILE, { token }),
        api.http.put(PROFILE, { token, json: { bio: `round ${round}` } }),
        api.http.get('/health/ready'),
        api.http.get('/metrics'),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    }
    await register(api);
    expect((await readiness(api)).warnings).toEqual(['unreachable']);

    server = await launchAgain();
    await untilInSync(api);
    expect(complaints(api)).toEqual([expect.stringMatching(/^Redis is away: /)]);
    expect(api.logged('info')).toContainEqual(expect.stringMatching(/^Redis answers again after/));
  });
});
