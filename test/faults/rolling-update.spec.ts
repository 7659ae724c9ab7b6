import { randomBytes } from 'node:crypto';
import { production } from '../deploy/kubernetes/render';
import type { KubeObject } from '../deploy/kubernetes/objects';
import { runMigrations } from '../../libs/database/migrate';
import { buildOnce } from '../support/build';
import { lasting } from '../support/long-tests';
import { obstacleToKubePrograms } from '../support/kube-programs';
import { Clients, tally } from '../support/kubelet/clients';
import { Gateway } from '../support/kubelet/gateway';
import { Rollout } from '../support/kubelet/rollout';
import { createTestDatabase, startTestRedis } from '../support/stores';
import type { TestDatabase, TestRedis } from '../support/stores';
import { until } from '../support/until';

/**
 * All times of the manifests, and the settings that belong to them, are divided by it. Whole seconds remain. An update keeps
 * more of them, because a probe that is late on a busy machine is no fault of the pods.
 */
const COMPRESSION = { update: lasting(2.5, 1), others: lasting(5, 1) };
/** From a change of a pod until a load balancer has it, on a slow day; the pods serve for 5 s. */
const PROPAGATION_MS = 3_000;
const REPLICAS = 3;
const CLIENTS = 6;
const TIMEOUT_MS = lasting(120_000, 600_000);

const obstacle = obstacleToKubePrograms();

if (obstacle === undefined) {
  describe('pods of the production overlay, under a kubelet', testPods);
} else {
  describe('pods of the production overlay', () => {
    it(`cannot be rendered here, which is an error in CI: ${obstacle}`, () => {
      expect(process.env.CI ?? '').toBe('');
    });
  });
}

function testPods() {
  let objects: KubeObject[];
  let database: TestDatabase;
  let redis: TestRedis;
  let gateway: Gateway;
  let rollout: Rollout | undefined;

  beforeAll(async () => {
    await buildOnce();
    objects = await production();
    [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  }, TIMEOUT_MS);

  /** The pods of the overlay, with a gateway in front. */
  async function start(replicas: number, compression: number): Promise<Rollout> {
    gateway = await Gateway.start(PROPAGATION_MS / compression);
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      JWT_SECRET: randomBytes(32).toString('hex'),
      // The calls of the test come from one address.
      RATE_LIMIT: 'off',
      // The name of the headless Service does not exist here.
      CANARY_PEERS: '',
    };
    return Rollout.start(objects, replicas, { env, compression, gateway });
  }

  afterEach(async () => {
    await rollout?.discard();
    rollout = undefined;
    await gateway.stop();
  });

  afterAll(async () => {
    await Promise.all([database.drop(), redis.stop()]);
  });

  it(
    'an update replaces three pods under load and loses no request',
    async () => {
      rollout = await start(REPLICAS, COMPRESSION.update);
      const first = [...rollout.pods];
      const clients = await Clients.start(gateway.origin, CLIENTS);
      try {
        await until('requests are answered', () => clients.count > 100);
        await rollout.update();
        const after = clients.count;
        await until('requests are answered after the update', () => clients.count > after + 100);
      } finally {
        await clients.stop();
      }
      const answers = clients.take();
      const others = Object.keys(tally(answers)).filter((name) => !/ 20[04]$/.test(name));
      expect({ others, log: others.length > 0 ? gateway.log : '' }).toEqual({
        others: [],
        log: '',
      });
      for (const pod of rollout.all) {
        const { killedByProbes, killedAfterGrace, restarts, lostReadiness } = pod;
        expect({ killedByProbes, killedAfterGrace, restarts, lostReadiness }).toEqual({
          killedByProbes: 0,
          killedAfterGrace: 0,
          restarts: 0,
          lostReadiness: 0,
        });
      }
      expect(first.map(({ ends }) => ends)).toEqual(first.map(() => ['exit code 0']));
      report('an update of three pods', answers, rollout);
    },
    TIMEOUT_MS,
  );

  it(
    'a pod that is stuck is restarted, and the others serve',
    async () => {
      rollout = await start(2, COMPRESSION.others);
      const [stuck, other] = rollout.pods;
      stuck!.signal('SIGSTOP');
      await until('the stuck pod is no endpoint', () => !stuck!.isEndpoint);
      await gateway.settled();
      const clients = await Clients.start(gateway.origin, 2);
      await until('the stuck pod is ready again', () => stuck!.restarts === 1 && stuck!.isReady);
      await clients.stop();
      expect(Object.keys(tally(clients.take())).filter((name) => !/ 20[04]$/.test(name))).toEqual(
        [],
      );
      expect([stuck!.killedByProbes, stuck!.killedAfterGrace, stuck!.ends]).toEqual([
        1,
        1,
        ['signal SIGKILL'],
      ]);
      expect([other!.killedByProbes, other!.restarts]).toEqual([0, 0]);
    },
    TIMEOUT_MS,
  );

  it(
    'a pod of a new release waits for the Job of the migration, by its restarts',
    async () => {
      const empty = await createTestDatabase();
      try {
        await empty.sql.query('DROP SCHEMA public CASCADE');
        await empty.sql.query('CREATE SCHEMA public');
        rollout = await start(0, COMPRESSION.others);
        const pod = rollout.create({ DATABASE_URL: empty.url });
        await until('the pod has refused to start twice', () => pod.ends.length, 2);
        expect(pod.ends).toEqual(['exit code 1', 'exit code 1']);
        expect(pod.complaint).toContain('run latchkey migrate');
        await runMigrations(empty.url);
        await pod.untilReady();
        expect([pod.restarts, pod.killedByProbes]).toEqual([2, 0]);
      } finally {
        await rollout?.discard();
        await empty.drop();
      }
    },
    TIMEOUT_MS,
  );
}

/** With LATCHKEY_LONG_TESTS=1, for docs/kubernetes.md. */
function report(what: string, answers: Parameters<typeof tally>[0], { all }: Rollout): void {
  if (process.env.LATCHKEY_LONG_TESTS === '1' || process.env.LATCHKEY_FIGURES) {
    const killed = all.filter((pod) => pod.killedByProbes + pod.killedAfterGrace > 0).length;
    const line = {
      what,
      compression: COMPRESSION.update,
      pods: all.length,
      killed,
      ...tally(answers),
    };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  }
}
