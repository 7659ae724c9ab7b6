import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { newEmail, PASSWORD } from '../support/app';
import { isTurnOf, lasting, someOf } from '../support/long-tests';
import { until } from '../support/until';
import type { Cluster } from './cluster';
import { Faults } from './faults';
import { BUG_GROUPS } from './find-bugs';
import { ProfileLoad, type ProfileRequest } from './load/profile-load';
import { Random } from './load/random';
import { send } from './load/send';
import { wrongVersions } from './rules/profile-versions';
import { seed, useCluster } from './scenario';

const BEFORE = lasting(100, 200);
const DURING = lasting(120, 250);
const AFTER = lasting(80, 150);

async function signUp(cluster: Cluster): Promise<string> {
  const { status, body } = await send(cluster.instances[0]!.origin, {
    method: 'POST',
    path: '/api/auth/register',
    json: { email: newEmail(), password: PASSWORD },
  });
  expect(status).toBe(201);
  return (body as AuthResultDto).accessToken;
}

type Script = (faults: Faults, load: ProfileLoad, cluster: Cluster) => Promise<void>;

/** Reads and changes of one profile on both instances while the script causes faults. */
async function profileUnderLoad(cluster: Cluster, script: Script): Promise<ProfileRequest[]> {
  const faults = new Faults(cluster);
  const load = new ProfileLoad(cluster, await signUp(cluster), new Random(seed()));
  try {
    await load.goesOn(BEFORE);
    await script(faults, load, cluster);
    await faults.recovered();
    await load.goesOn(AFTER);
  } finally {
    await load.stop();
  }
  return load.requests;
}

const nothing: Script = (_, load) => load.goesOn(2 * DURING);

/** Repeated evictions, so that reads that are not cached meet changes. */
const evictions: Script = async (faults, load) => {
  for (let time = 0; time < 40; time++) {
    await faults.evict('user:profile:*');
    await load.goesOn(15);
  }
};

describe('a changed profile is never shown in an older version', () => {
  const cluster = useCluster();

  function expectNoLies(requests: ProfileRequest[]): void {
    expect(wrongVersions(requests)).toEqual([]);
    const count = (op: string, status: number) =>
      requests.filter((request) => request.op === op && request.status === status).length;
    expect(count('change', 200)).toBeGreaterThan(30);
    expect(count('change', 412)).toBeGreaterThan(0);
    expect(count('read', 304)).toBeGreaterThan(0);
    expect(requests.filter(({ status }) => ![200, 304, 412].includes(status))).toEqual([]);
  }

  it('without a fault', async () => {
    expectNoLies(await profileUnderLoad(cluster(), nothing));
  });

  const LOSSES: [string, Script][] = [
    ['entries are evicted', evictions],
    [
      'Redis is flushed',
      async (faults, load) => {
        await faults.flushAll();
        await load.goesOn(DURING);
      },
    ],
    [
      'Redis is killed and restarted empty',
      async (faults, load) => {
        await faults.killRedis();
        await load.goesOn(DURING);
        await faults.restartRedisEmpty();
        await load.goesOn(DURING);
      },
    ],
    [
      'Redis is replaced by an old copy',
      async (faults, load, { redis }) => {
        const copy = await redis.takeSnapshot();
        await load.goesOn(DURING);
        await faults.killRedis();
        await faults.restartRedisFrom(copy);
        await load.goesOn(DURING);
      },
    ],
  ];
  const OUTAGES: [string, Script][] = [
    [
      'Redis hangs',
      async (faults, load) => {
        faults.suspendRedis();
        await load.goesOn(DURING);
        faults.resumeRedis();
        await load.goesOn(DURING);
      },
    ],
    [
      'one instance loses its connection to Redis',
      async (faults, load) => {
        faults.cutRedis(['a']);
        await load.goesOn(DURING);
        faults.restoreRedis();
        await load.goesOn(DURING);
      },
    ],
  ];

  it.each([...someOf(LOSSES, 2), ...someOf(OUTAGES, 1)])('while %s', async (_, script) => {
    expectNoLies(await profileUnderLoad(cluster(), script));
  });
});

if (isTurnOf(BUG_GROUPS.profiles, BUG_GROUPS.all)) {
  describe('a bug that shows an older profile is found:', () => {
    const cluster = useCluster({ bug: 'unfenced-fills' });

    /** Repeated: a bug shows only when a read is slow at the right moment. */
    const untilWrong = (script: Script) =>
      until(
        'a client reads an older profile',
        async () => wrongVersions(await profileUnderLoad(cluster(), script)),
        (wrong) => wrong.length > 0,
      );

    const BUGS: [string, string, Script][] = [
      ['fills that ignore their lease', 'unfenced-fills', evictions],
      ['changes that bypass the cache', 'uncached-writes', nothing],
    ];

    it.each(someOf(BUGS, 1))('%s', async (_what, name, script) => {
      await Promise.all(cluster().instances.map((instance) => instance.plant(name)));
      await cluster().settled();
      await untilWrong(script);
    });
  });
}
