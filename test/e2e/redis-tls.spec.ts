import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { RedisNode } from '../faults/redis-node';
import { useApiSuite } from '../support/api-suite';
import { CertificateAuthority, type IssuedCertificate } from '../support/certificate-authority';
import { readiness, untilInSync, untilWarned } from '../support/health-report';
import { expectMainJob } from '../support/main-job';
import { someOf } from '../support/long-tests';
import { documentedRights } from '../support/redis-rights';
import { newFolder } from '../support/stores';
import { TlsFront } from '../support/tls-front';
import { TlsRedis } from '../support/tls-redis';
import { until } from '../support/until';

const suite = useApiSuite();
let authority: CertificateAuthority;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  authority = await CertificateAuthority.create();
}, 120_000);

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

/** The files of the settings, whose content a test replaces. */
class ClientFiles {
  private readonly folder = newFolder('client-');
  readonly env = {
    REDIS_CA_FILE: join(this.folder, 'ca.pem'),
    REDIS_CERT_FILE: join(this.folder, 'cert.pem'),
    REDIS_KEY_FILE: join(this.folder, 'key.pem'),
  };

  replace(trusted: CertificateAuthority, { certFile, keyFile }: IssuedCertificate): this {
    cpSync(trusted.file, this.env.REDIS_CA_FILE);
    cpSync(certFile, this.env.REDIS_CERT_FILE);
    cpSync(keyFile, this.env.REDIS_KEY_FILE);
    return this;
  }

  replaceCertificate({ certFile }: IssuedCertificate): void {
    cpSync(certFile, this.env.REDIS_CERT_FILE);
  }
}

async function filesOf(commonName: string): Promise<ClientFiles> {
  return new ClientFiles().replace(authority, await authority.issue(commonName));
}

async function startRedis(flags: string[] = []): Promise<TlsRedis> {
  const redis = await TlsRedis.start(authority, flags);
  ends.push(() => redis.stop());
  return redis;
}

describe('the least rights, with a client certificate,', () => {
  const [user, password] = ['latchkey', 'a-password-of-the-tests'];

  async function expectEnough(redis: TlsRedis, rights: string[], env: Record<string, string>) {
    // The clean-up needs SCAN.
    await redis.permit(user, password, [...documentedRights(), '+scan', ...rights]);
    const files = await filesOf('client');
    const all = { ...files.env, DATABASE_URL: suite.database.url, ...env };
    const api = await suite.spawn(all);
    await api.untilServing();
    await untilInSync(api);
    await expectMainJob(api, all);
    const { warnings } = await readiness(api);
    expect(warnings).toEqual(['no_figures']);
    expect([...api.logged('warn'), ...api.logged('error')].join()).not.toContain('Redis');
    expect(api.complaint).toBe('');
  }

  const onOneServer = async () => {
    const redis = await startRedis();
    const REDIS_URL = `rediss://${user}:${password}@127.0.0.1:${redis.port}`;
    await expectEnough(redis, [], { REDIS_URL });
  };

  const onCluster = async () => {
    const redis = await startRedis(['--cluster-enabled', 'yes', '--tls-cluster', 'yes']);
    await redis.client.cluster('ADDSLOTSRANGE', 0, 16_383);
    await until(
      'the Cluster is complete',
      () => redis.client.cluster('INFO'),
      (info) => info.includes('cluster_state:ok'),
    );
    await expectEnough(redis, ['+cluster|slots'], {
      REDIS_URL: `rediss://${user}:${password}@unused.invalid`,
      REDIS_CLUSTER_NODES: `127.0.0.1:${redis.port}`,
    });
  };

  const SERVERS: [on: string, expectEnoughThere: () => Promise<void>][] = [
    ['one server', onOneServer],
    ['a Cluster', onCluster],
  ];

  it.each(someOf(SERVERS, 1))('are enough on %s', async (_on, expectEnoughThere) => {
    await expectEnoughThere();
  });
});

describe('nodes of a Cluster without an address in CLUSTER SLOTS', () => {
  /** A node behind TLS, which announces the port of that. */
  async function startNode(endpoints: string): Promise<TlsFront> {
    const node = await RedisNode.start({ flags: ['--cluster-enabled', 'yes'] });
    const front = await TlsFront.start(node.port, authority, await authority.issue('front'));
    ends.push(
      () => front.stop(),
      () => node.stop(),
    );
    const settings = {
      'cluster-announce-port': String(front.port),
      'cluster-announce-hostname': 'localhost',
      'cluster-preferred-endpoint-type': endpoints,
    };
    for (const setting of Object.entries(settings)) {
      await node.client.config('SET', ...setting);
    }
    await node.client.cluster('ADDSLOTSRANGE', 0, 16_383);
    await until(
      'the Cluster is complete',
      () => node.client.cluster('INFO'),
      (info) => info.includes('cluster_state:ok'),
    );
    return front;
  }

  it.each([
    // The first connection is to the seed.
    ['with a host name', 'hostname', '127.0.0.1', ['false', 'localhost']],
    ['at the host that was asked', 'unknown-endpoint', 'localhost', ['localhost']],
  ])('%s are reached by TLS under that name', async (_what, endpoints, seed, names) => {
    const front = await startNode(endpoints);
    const env = {
      ...(await filesOf('client')).env,
      REDIS_URL: 'rediss://unused.invalid',
      REDIS_CLUSTER_NODES: `${seed}:${front.port}`,
      DATABASE_URL: suite.database.url,
    };
    const api = await suite.spawn(env);
    await api.untilServing();
    await untilInSync(api);
    await expectMainJob(api, env);
    expect(new Set(front.serverNames)).toEqual(new Set(names));
  });
});

describe('a client certificate', () => {
  it('is used by the next connection after it was renewed', async () => {
    const target = Number(new URL(suite.redis.url).port);
    const front = await TlsFront.start(target, authority, await authority.issue('server'));
    ends.push(() => front.stop());
    const files = await filesOf('first');
    const api = await suite.spawn({
      REDIS_URL: `rediss://127.0.0.1:${front.port}`,
      ...files.env,
    });
    await api.untilServing();
    await untilInSync(api);
    const reconnected = async (clients: number) => {
      front.endConnections();
      await until('the API has connected again', () => front.clients.length > clients);
      await untilInSync(api);
    };

    // Its key follows later.
    const other = await CertificateAuthority.create();
    const second = await other.issue('second');
    files.replaceCertificate(second);
    await reconnected(1);
    expect(new Set(front.clients)).toEqual(new Set(['first']));
    expect(api.logged('warn')).toContain(
      'REDIS_KEY_FILE names a file whose key does not belong to the certificate: the earlier certificates stay in use',
    );

    files.replace(other, second);
    front.replaceCertificates(other, await other.issue('server'));
    const before = front.clients.length;
    await reconnected(before);
    expect(new Set(front.clients.slice(before))).toEqual(new Set(['second']));
    expect(api.complaint).toBe('');
  });

  const REFUSED: [what: string, env: () => Promise<Record<string, string>>][] = [
    ['is missing', () => Promise.resolve({ REDIS_CA_FILE: authority.file })],
    [
      'is of another authority',
      async () => {
        const other = await CertificateAuthority.create();
        return new ClientFiles().replace(authority, await other.issue('client')).env;
      },
    ],
  ];

  it.each(someOf(REFUSED, 1))(
    'that %s is named in the report and once in the log',
    async (_what, env) => {
      const redis = await startRedis();
      const api = await suite.spawn({
        REDIS_URL: `rediss://127.0.0.1:${redis.port}`,
        ...(await env()),
      });
      await api.untilServing();
      await untilWarned(api, 'client_certificate_refused');
      expect((await readiness(api)).status).toBe(200);
      const lines = api.logged('warn').filter((line) => line.startsWith('Redis is away'));
      expect(lines).toEqual([expect.stringContaining('REDIS_CERT_FILE')]);
    },
  );

  it('that cannot be read ends the start with one sentence', async () => {
    const { env } = await filesOf('client');
    const api = await suite.spawn({
      REDIS_URL: 'rediss://127.0.0.1:1',
      ...env,
      REDIS_KEY_FILE: '/run/secrets/nowhere',
    });
    expect(await api.ended).toBe('exit code 1');
    expect(api.complaint).toBe('REDIS_KEY_FILE names a file that cannot be read (ENOENT).\n');
  });
});
