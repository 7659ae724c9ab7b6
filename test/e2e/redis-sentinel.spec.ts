import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import type { ApiProcess } from '../support/api-process';
import { useApiSuite } from '../support/api-suite';
import { newEmail, PASSWORD } from '../support/app';
import { CertificateAuthority } from '../support/certificate-authority';
import { documentedRights } from '../support/redis-rights';
import { expectOneSentence, runCli } from '../support/cli';
import { readiness, untilInSync, untilWarned } from '../support/health-report';
import { someOf } from '../support/long-tests';
import { SentinelGroup } from '../support/sentinel';
import { until } from '../support/until';

const PROFILE = '/api/auth/profile';

const suite = useApiSuite();

async function register(api: ApiProcess): Promise<AuthResultDto> {
  const json = { email: newEmail(), password: PASSWORD };
  const answer = await api.http.post<AuthResultDto>('/api/auth/register', { json });
  expect(answer.status).toBe(201);
  return answer.body;
}

async function status(api: ApiProcess, token: string): Promise<number> {
  return (await api.http.get(PROFILE, { token })).status;
}

async function logOut(api: ApiProcess, token: string): Promise<void> {
  expect((await api.http.post('/api/auth/logout', { token })).status).toBe(204);
}

function complaints(api: ApiProcess): string[] {
  return [...api.logged('warn'), ...api.logged('error')].filter((line) => line !== 'audit event');
}

/** By the log: Redis may be in sync again already. */
async function untilAway(api: ApiProcess): Promise<void> {
  await until('Redis is away', () => complaints(api).some((line) => line.includes('is away')));
}

/** Between two rounds: the failover needs the processor more. */
const THINK_MS = 20;

/** Verifies tokens one after the other, until it is stopped. */
class Users {
  readonly answers: { live: Set<number>; dead: Set<number> } = { live: new Set(), dead: new Set() };
  private isRunning = true;
  private readonly ended: Promise<unknown>;

  constructor(
    private readonly api: ApiProcess,
    live: readonly string[],
    readonly dead: string[],
  ) {
    this.ended = Promise.all([this.verify(live, 'live'), this.verify(dead, 'dead')]);
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await this.ended;
  }

  private async verify(tokens: readonly string[], kind: 'live' | 'dead'): Promise<void> {
    while (this.isRunning) {
      for (const token of [...tokens]) {
        this.answers[kind].add(await status(this.api, token));
      }
      await pause(THINK_MS);
    }
  }
}

describe('a master that Sentinels name', () => {
  let group: SentinelGroup;
  let env: Record<string, string>;

  beforeAll(async () => {
    const user = ['latchkey', 'on', '>a-password', '~*', 'resetchannels', '+@all', '-client'];
    group = await SentinelGroup.start({ flags: ['--user', ...user] });
    env = { ...group.env, REDIS_URL: 'redis://latchkey:a-password@unused.invalid/1' };
  }, 120_000);

  afterAll(async () => {
    await group.stop();
  });

  it('is found, and its successor after it was killed, while sessions stay as they are', async () => {
    const api = await suite.spawn(env);
    await api.untilServing();
    await untilInSync(api);
    const live = await Promise.all(Array.from({ length: 4 }, () => register(api)));
    const [early, late, during] = [await register(api), await register(api), await register(api)];
    await logOut(api, early.accessToken);
    const users = new Users(
      api,
      live.map(({ accessToken }) => accessToken),
      [early.accessToken],
    );

    await logOut(api, late.accessToken);
    const oldPort = await group.killMaster();
    users.dead.push(late.accessToken);
    await untilAway(api);
    await logOut(api, during.accessToken);
    users.dead.push(during.accessToken);
    await group.failedOver(oldPort);
    await untilInSync(api);

    for (const { accessToken } of [early, late, during]) {
      expect(await status(api, accessToken)).toBe(401);
    }
    await users.stop();
    expect([...users.answers.live]).toEqual([200]);
    expect([...users.answers.dead]).toEqual([401]);
    const { session, user } = during;
    const tombstone = `blacklist:{${user.id}}:${session.id}`;
    const exists = async (client: Redis) => {
      await client.select(1);
      return client.exists(tombstone);
    };
    expect(await group.atMaster(exists)).toBe(1);
    expect(api.complaint).toBe('');
  });

  it('is left when it hangs, and not used again when it goes on', async () => {
    const api = await suite.spawn(env);
    await api.untilServing();
    await untilInSync(api);
    const [live, dead] = [await register(api), await register(api)];
    const old = await group.suspendMaster();
    await untilAway(api);
    await logOut(api, dead.accessToken);
    await group.failedOver(old);
    await untilInSync(api);
    group.resume(old);
    for (let round = 0; round < 20; round++) {
      expect(await status(api, live.accessToken)).toBe(200);
      expect(await status(api, dead.accessToken)).toBe(401);
    }
    expect((await readiness(api)).redis.inSync).toBe(true);
  });

  it('is found at the start, although the first Sentinels named another one before', async () => {
    const old = await group.masterPort();
    await group.killMaster();
    await group.failedOver(old);
    await group.startAgain(old);
    const api = await suite.spawn({ ...env, REDIS_SENTINEL_PASSWORD: 'needless' });
    await api.untilServing();
    await untilInSync(api);
    const { accessToken } = await register(api);
    expect(await status(api, accessToken)).toBe(200);
    expect(complaints(api)).toEqual([
      'REDIS_SENTINEL_PASSWORD is set, but the Sentinels ask for none',
    ]);
    expect(api.complaint).toBe('');
    const { exitCode, stdout } = await runCli(['redis-check'], env);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('Redis answered')]);
  });
});

describe('a master that is cut off from its replicas and from the Sentinels', () => {
  it('is left for the one that the Sentinels name', async () => {
    const group = await SentinelGroup.start({ replicas: 0, sentinels: 1 });
    try {
      const api = await suite.spawn(group.env);
      await api.untilServing();
      await untilInSync(api);
      const { accessToken } = await register(api);
      await logOut(api, accessToken);
      await group.atMaster((client) => client.config('SET', 'min-replicas-to-write', 1));
      await untilWarned(api, 'too_few_replicas');
      await group.watchInstead(Number(new URL(suite.redis.url).port));
      await untilInSync(api);
      expect(await status(api, accessToken)).toBe(401);
      expect(await suite.redis.client.exists('latchkey:checkpoint')).toBe(1);
    } finally {
      await group.stop();
    }
  });
});

describe('a Sentinel that names a dead master', () => {
  it('is not the last one that is asked', async () => {
    const setup = { replicas: 0, sentinels: 1 };
    const groups = [await SentinelGroup.start(setup), await SentinelGroup.start(setup)] as const;
    try {
      const [dead, good] = groups;
      await dead.killMaster();
      const REDIS_SENTINELS = `${dead.addresses},${good.addresses}`;
      const api = await suite.spawn({ ...good.env, REDIS_SENTINELS });
      await api.untilServing();
      await untilInSync(api);
      // A lost connection leads to the dead one first, and then to the good one again.
      await good.atMaster((client) => client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
      await until('the API has connected again', () => api.loggedAs('connected').length > 1);
      await untilInSync(api);
      expect(complaints(api).join()).not.toContain('Sentinel');
    } finally {
      await Promise.all(groups.map((group) => group.stop()));
    }
  });
});

describe('a master and Sentinels that ask for client certificates', () => {
  let group: SentinelGroup;
  let env: Record<string, string>;

  beforeAll(async () => {
    const authority = await CertificateAuthority.create();
    const own = await authority.issue('server');
    const client = await authority.issue('client');
    group = await SentinelGroup.start({ replicas: 1, sentinels: 1, tls: { authority, own } });
    env = {
      ...group.env,
      REDIS_SENTINEL_TLS: 'on',
      REDIS_CA_FILE: authority.file,
      REDIS_CERT_FILE: client.certFile,
      REDIS_KEY_FILE: client.keyFile,
    };
  }, 120_000);

  afterAll(async () => {
    await group.stop();
  });

  it('are used, before and after a failover', async () => {
    const api = await suite.spawn(env);
    await api.untilServing();
    await untilInSync(api);
    const [live, dead] = [await register(api), await register(api)];
    await logOut(api, dead.accessToken);
    const old = await group.killMaster();
    await untilAway(api);
    await group.failedOver(old);
    await untilInSync(api);
    expect(await status(api, live.accessToken)).toBe(200);
    expect(await status(api, dead.accessToken)).toBe(401);
    expect(api.complaint).toBe('');
  });

  it('are named as the reason, if the certificate of the Sentinels is not trusted', async () => {
    const { REDIS_URL = '', REDIS_SENTINELS = '', REDIS_SENTINEL_NAME = '' } = env;
    const api = await suite.spawn({
      ...{ REDIS_URL, REDIS_SENTINELS, REDIS_SENTINEL_NAME },
      REDIS_SENTINEL_TLS: 'on',
    });
    await api.untilServing();
    await untilWarned(api, 'certificate_refused');
    expect(complaints(api)).toContainEqual(
      expect.stringMatching(/^Redis is away: .*REDIS_CA_FILE/),
    );
  });
});

describe('Sentinels that name no master', () => {
  const password = 'a-password-of-the-sentinels';
  let group: SentinelGroup;

  beforeAll(async () => {
    group = await SentinelGroup.start({
      replicas: 0,
      sentinels: 1,
      config: [
        `requirepass ${password}`,
        `user latchkey on >${password} ${documentedRights('Sentinels').join(' ')}`,
        `user powerless on >${password} -@all`,
      ],
      password,
    });
  }, 60_000);

  afterAll(async () => {
    await group.stop();
  });

  const CAUSES: [why: string, code: string, env: Record<string, string>][] = [
    ['of a password that they refuse', 'sentinel_refused', { REDIS_SENTINEL_PASSWORD: 'another' }],
    ['of a missing password', 'sentinel_refused', {}],
    [
      'of an unknown name',
      'master_unknown',
      { REDIS_SENTINEL_PASSWORD: password, REDIS_SENTINEL_NAME: 'another' },
    ],
    [
      'of a missing right',
      'missing_permission',
      { REDIS_SENTINEL_USER: 'powerless', REDIS_SENTINEL_PASSWORD: password },
    ],
    ['of a closed port', 'no_sentinel', { REDIS_SENTINELS: '127.0.0.1:1,127.0.0.1:2' }],
    [
      'of TLS that they lack',
      'no_sentinel',
      { REDIS_SENTINEL_PASSWORD: password, REDIS_SENTINEL_TLS: 'on' },
    ],
  ];

  it.each(someOf(CAUSES, 2))(
    'because %s: the report and the log name the cause once',
    async (_why, code, env) => {
      const api = await suite.spawn({ ...group.env, ...env });
      await api.untilServing();
      await untilWarned(api, code);
      const { accessToken } = await register(api);
      expect(await status(api, accessToken)).toBe(200);
      const { status: ready, report, redis } = await readiness(api);
      expect([ready, report]).toEqual([200, 'degraded']);
      expect(redis.warnings[0]?.message).toMatch(/Sentinel|SENTINEL/);
      const other = complaints(api).filter((line) => !line.includes('starting without it'));
      expect(other).toEqual([expect.stringMatching(/^Redis is away: .*(Sentinel|SENTINEL)/)]);
      expect(api.complaint).toBe('');
    },
  );

  it('are used once they answer, by a user with the documented rights', async () => {
    const credentials = { REDIS_SENTINEL_USER: 'latchkey', REDIS_SENTINEL_PASSWORD: password };
    const env = { ...group.env, ...credentials };
    group.suspendSentinels();
    const api = await suite.spawn(env);
    await api.untilServing();
    await untilWarned(api, 'no_sentinel');
    group.resumeSentinels();
    await untilInSync(api);
    expect(api.complaint).toBe('');
    expect((await runCli(['stats'], { ...env, DATABASE_URL: suite.database.url })).exitCode).toBe(
      0,
    );
  });

  it('are named by the command line', async () => {
    const answer = await runCli(['redis-check'], { ...group.env, REDIS_SENTINEL_PASSWORD: 'no' });
    expect(answer.exitCode).toBe(1);
    expectOneSentence(answer);
    expect(answer.stderr).toContain(
      `Redis of the Sentinels ${group.addresses} cannot be used: The Redis Sentinels refuse`,
    );
  });
});
