import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../deploy/kubernetes/objects';
import { production } from '../deploy/kubernetes/render';
import { buildOnce } from '../support/build';
import { obstacleToKubePrograms } from '../support/kube-programs';
import { Clients, tally, type Answered } from '../support/kubelet/clients';
import { Gateway } from '../support/kubelet/gateway';
import { Rollout } from '../support/kubelet/rollout';
import { someOf } from '../support/long-tests';
import { until } from '../support/until';
import { PostgresNode } from './postgres-node';
import { RedisNode } from './redis-node';

/** From a change of a pod until a load balancer has it. */
const PROPAGATION_MS = 1_000;
const CLIENTS = 4;
const TIMEOUT_MS = 180_000;

const STATES = ['up', 'killed', 'hung', 'restarted'] as const;
type State = (typeof STATES)[number];

const CASES = STATES.flatMap((redis) => STATES.map((postgres) => ({ redis, postgres }))).filter(
  ({ redis, postgres }) => redis !== 'up' || postgres !== 'up',
);

const obstacle = obstacleToKubePrograms();

if (obstacle === undefined) {
  describe('pods of the production overlay, while their stores fail', testPods);
} else {
  describe('pods of the production overlay, while their stores fail', () => {
    it(`cannot be rendered here, which is an error in CI: ${obstacle}`, () => {
      expect(process.env.CI ?? '').toBe('');
    });
  });
}

function testPods() {
  let redis: RedisNode;
  let postgres: PostgresNode;
  let gateway: Gateway;
  let rollout: Rollout;
  let clients: Clients;

  beforeAll(async () => {
    await buildOnce();
    let objects: KubeObject[];
    [objects, redis, postgres, gateway] = await Promise.all([
      production(),
      RedisNode.start(),
      PostgresNode.start(),
      Gateway.start(PROPAGATION_MS),
    ]);
    const env = {
      DATABASE_URL: postgres.url,
      REDIS_URL: `redis://${redis.address}`,
      JWT_SECRET: randomBytes(32).toString('hex'),
      RATE_LIMIT: 'off',
      // The name of the headless Service does not exist here.
      CANARY_PEERS: '',
    };
    rollout = await Rollout.start(objects, 2, { env, compression: 1, gateway });
    clients = await Clients.start(gateway.origin, CLIENTS, { onlyReads: true });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await clients.stop();
    await rollout.discard();
    await gateway.stop();
    await Promise.all([redis.stop(), postgres.stop()]);
  }, TIMEOUT_MS);

  it.each(someOf(CASES, 1))(
    'Redis $redis, Postgres $postgres: no pod is killed, no request is lost',
    async (state) => {
      await until('requests are answered', () => clients.count > 50);
      clients.take();
      const before = rollout.pods.map((pod) => counts(pod));
      await Promise.all([breakRedis(state.redis), breakPostgres(state.postgres)]);
      const lasts = ['killed', 'hung'].includes(state.postgres);
      if (lasts) {
        await until('no pod is ready', () => rollout.pods.every(({ isReady }) => !isReady));
      }
      const broken = rollout.pods.map(({ livenessProbes }) => livenessProbes.succeeded);
      await until('each pod has been probed twice in this state', () =>
        rollout.pods.every((pod, index) => pod.livenessProbes.succeeded >= broken[index]! + 2),
      );
      expect(rollout.pods.map(({ isReady }) => isReady)).toEqual([!lasts, !lasts]);
      await repair(state);
      await until('all pods are ready', () => rollout.pods.every(({ isReady }) => isReady));
      await gateway.settled();
      const answers = clients.take();
      await until('requests are answered again', () => clients.count > 50);
      expect(refused(clients.take())).toEqual([]);

      const after = rollout.pods.map((pod) => counts(pod));
      expect(after).toEqual(
        before.map(({ lostReadiness, ...others }) => ({
          ...others,
          lostReadiness: lasts ? lostReadiness + 1 : (expect.any(Number) as number),
        })),
      );
      if (state.postgres === 'up') {
        expect(after).toEqual(before);
      }
      expect(Object.keys(tally(answers)).filter((name) => !allowed(state).test(name))).toEqual([]);
      report(state, answers);
    },
    TIMEOUT_MS,
  );

  async function breakRedis(state: State): Promise<void> {
    if (state === 'hung') {
      redis.suspend();
    } else if (state !== 'up') {
      await redis.kill();
    }
    if (state === 'restarted') {
      await redis.startEmpty();
    }
  }

  async function breakPostgres(state: State): Promise<void> {
    if (state === 'hung') {
      postgres.suspend();
    } else if (state !== 'up') {
      await postgres.crash();
    }
    if (state === 'restarted') {
      await postgres.startAgain();
    }
  }

  async function repair(state: { redis: State; postgres: State }): Promise<void> {
    redis.resume();
    if (state.redis === 'killed') {
      await redis.startEmpty();
    }
    if (state.postgres === 'hung') {
      postgres.resume();
    }
    if (state.postgres === 'killed') {
      await postgres.startAgain();
    }
  }
}

function counts(pod: Rollout['pods'][number]) {
  const { killedByProbes, killedAfterGrace, restarts, lostReadiness, livenessProbes } = pod;
  const { failed } = livenessProbes;
  return { killedByProbes, killedAfterGrace, restarts, lostReadiness, failed };
}

const refused = (answers: readonly Answered[]) =>
  Object.keys(tally(answers)).filter((name) => !name.endsWith(' 200'));

/**
 * How requests may end. One store is enough to answer. Without Postgres no pod is ready, so that the gateway has none to ask;
 * without both stores a session cannot be confirmed.
 */
function allowed({ redis, postgres }: { redis: State; postgres: State }): RegExp {
  if (postgres === 'up') {
    return / 200$/;
  }
  return redis === 'up' ? / (200|no endpoints)$/ : / (200|503|no endpoints)$/;
}

/** For docs/kubernetes.md. */
function report(state: object, answers: readonly Answered[]): void {
  if (process.env.LATCHKEY_LONG_TESTS === '1' || process.env.LATCHKEY_FIGURES) {
    process.stderr.write(`${JSON.stringify({ ...state, ...tally(answers) })}\n`);
  }
}
