import { lasting } from '../support/long-tests';
import { until } from '../support/until';
import type { Scenario } from './scenario';

/** What happens during a scenario, while the load goes on. */
export type Script = (scenario: Scenario) => Promise<void>;

/** Requests while a fault lasts, or right after one that lasts no time. */
const DURING = lasting(60, 110);

export const nothingHappens: Script = ({ load }) => load.goesOn(2 * DURING);

export const nothingHappensForLong: Script = ({ load }) => load.goesOn(4 * DURING);

// Redis loses data, and nobody its connection.

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

/** What was revoked after the copy was made is alive in it, and the profiles are old. */
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

// Redis is there and does not answer.

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

// The way to Redis.

export const killConnections: Script = async ({ faults, load }) => {
  await faults.killConnections();
  await load.goesOn(DURING);
};

/** @param names of the instances that are cut off; all unless told. */
export const cutOffRedis =
  (how: 'cut' | 'hang' | 'lose', names?: string[]): Script =>
  async ({ faults, load }) => {
    faults[`${how}Redis`](names);
    await load.goesOn(DURING);
    faults.restoreRedis();
    await load.goesOn(DURING / 2);
  };

/** An instance cannot read the outbox. */
export const leaveToRedis =
  (name: string): Script =>
  async ({ faults, load }) => {
    faults.cutPostgres([name]);
    await load.goesOn(5 * DURING);
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

/** @param names of the instances that are cut off; all unless told. */
export const cutOffPostgres =
  (how: 'cut' | 'hang', names?: string[]): Script =>
  async ({ faults, load }) => {
    faults[`${how}Postgres`](names);
    // With so few clients each request that hangs has to find out by itself.
    await load.goesOn(how === 'hang' ? DURING / 3 : DURING);
    faults.restorePostgres();
    await load.goesOn(DURING / 2);
  };

/** Sessions that end in the meantime end in Redis alone; then that is gone too. */
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

/** Nobody can say what the old copy lacks, so nothing in it counts until Postgres is back. */
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
