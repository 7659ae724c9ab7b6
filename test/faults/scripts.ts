import { lasting } from '../support/long-tests';
import { until } from '../support/until';
import type { Scenario } from './scenario';

/** The faults of a scenario, while the load continues. */
export type Script = (scenario: Scenario) => Promise<void>;

/** Requests during a fault, or right after one that has no duration. */
const DURING = lasting(60, 110);

export const nothingHappens: Script = ({ load }) => load.goesOn(2 * DURING);

export const nothingHappensForLong: Script = ({ load }) => load.goesOn(4 * DURING);

// Redis loses data, and no client loses its connection.

export const flushAll: Script = async ({ faults, load }) => {
  await faults.flushAll();
  await load.goesOn(DURING);
};

/** @param pattern of SCAN. */
export const evict =
  (pattern: string): Script =>
  async ({ faults, load }) => {
    await faults.evict(pattern);
    await load.goesOn(DURING);
  };

// Redis dies and comes back.

export const restartEmpty: Script = async ({ faults, load }) => {
  await faults.killRedis();
  await load.goesOn(DURING);
  await faults.restartRedisEmpty();
  await load.goesOn(DURING);
};

/** Sessions revoked after the copy are alive in it, and its profiles are old. */
export const restartFromOldCopy: Script = async ({ cluster, faults, load }) => {
  const copy = await cluster.redis.takeSnapshot();
  await load.goesOn(DURING);
  await faults.killRedis();
  await faults.restartRedisFrom(copy);
  await load.goesOn(DURING);
};

/** @param truncatedBytes missing at the end of its file. */
export const restartFromAppendOnlyFile =
  (truncatedBytes: number): Script =>
  async ({ faults, load }) => {
    await faults.killRedis();
    await load.goesOn(DURING / 3);
    await faults.restartRedisFromAppendOnlyFile(truncatedBytes);
    await load.goesOn(DURING);
  };

export const failOverToLaggingReplica: Script = async ({ cluster, faults, load }) => {
  await until('the replica has caught up', () => cluster.replica.node.caughtUp());
  faults.cutReplication();
  await load.goesOn(DURING / 2);
  await faults.failOver();
  await load.goesOn(DURING);
  await cluster.addReplica();
};

// Redis is up and does not answer.

export const pauseRedis =
  (ms: number): Script =>
  async ({ faults, load }) => {
    await faults.pauseRedis(ms);
    await load.goesOn(DURING);
  };

export const suspendRedis: Script = async ({ faults, load }) => {
  faults.suspendRedis();
  await load.goesOn(DURING);
  faults.resumeRedis();
  await load.goesOn(DURING);
};

// The network between the instances and Redis.

export const killConnections: Script = async ({ faults, load }) => {
  await faults.killConnections();
  await load.goesOn(DURING);
};

/** @param names of the instances that are cut off; all when absent. */
export const cutOffRedis =
  (how: 'cut' | 'hang' | 'lose', names?: string[]): Script =>
  async ({ faults, load }) => {
    faults[`${how}Redis`](names);
    await load.goesOn(DURING);
    faults.restoreRedis();
    await load.goesOn(DURING / 2);
  };

/** Longer than the bound of the near cache, so that an entry can be used beyond it. */
const LEFT_TO_REDIS_MS = 4_000;

/** An instance cannot read the outbox. */
export const leaveToRedis =
  (name: string): Script =>
  async ({ faults, load }) => {
    const endMs = performance.now() + LEFT_TO_REDIS_MS;
    faults.cutPostgres([name]);
    while (performance.now() < endMs) {
      await load.goesOn(1);
    }
    faults.restorePostgres();
    await load.goesOn(DURING / 2);
  };

// Postgres.

export const restartPostgres =
  (how: 'shutDown' | 'crash'): Script =>
  async ({ faults, load }) => {
    await faults[`${how}Postgres`]();
    await load.goesOn(DURING);
    await faults.startPostgres();
    await load.goesOn(DURING);
  };

/** @param names of the instances that are cut off; all when absent. */
export const cutOffPostgres =
  (how: 'cut' | 'hang', names?: string[]): Script =>
  async ({ faults, load }) => {
    faults[`${how}Postgres`](names);
    // With so few clients each request that hangs has to reach its own deadline.
    await load.goesOn(how === 'hang' ? DURING / 3 : DURING);
    faults.restorePostgres();
    await load.goesOn(DURING / 2);
  };

/** Sessions that end meanwhile end in Redis alone; then Redis loses them too. */
export const loseRedisWhilePostgresIsAway: Script = async ({ faults, load }) => {
  faults.cutPostgres();
  await load.goesOn(DURING);
  await faults.killRedis();
  await load.goesOn(DURING / 2);
  await faults.restartRedisEmpty();
  await load.goesOn(DURING / 2);
  faults.restorePostgres();
  await load.goesOn(DURING / 2);
};

/** No store can tell what the old copy lacks, so nothing in it counts until Postgres is back. */
export const restartFromOldCopyWhilePostgresIsAway: Script = async ({ cluster, faults, load }) => {
  const copy = await cluster.redis.takeSnapshot();
  await load.goesOn(DURING);
  faults.cutPostgres();
  await faults.killRedis();
  await faults.restartRedisFrom(copy);
  await load.goesOn(DURING);
  faults.restorePostgres();
  await load.goesOn(DURING / 2);
};

// Instances.

export const stepClock =
  (name: string, ms: number): Script =>
  async ({ cluster, load }) => {
    await cluster.instance(name).stepClock(ms);
    await load.goesOn(DURING);
    await cluster.instance(name).stepClock(-ms);
    await load.goesOn(DURING / 2);
  };

export const killInstance: Script = async ({ cluster, faults, load }) => {
  const instance = cluster.instance('a');
  await faults.killInstance(instance);
  await load.goesOn(DURING);
  await faults.startInstance(instance);
  await load.goesOn(DURING);
};
