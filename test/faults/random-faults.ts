import { Random } from './load/random';
import type { Cluster } from './cluster';
import {
  expectPromisesKept,
  seed,
  underLoad,
  type Scenario,
  type ScenarioOptions,
} from './scenario';
import {
  failOverByHand,
  failOverToLaggingShard,
  flushShard,
  growAndShrink,
  isolateMaster,
  killMaster,
  reshard,
  restartShardFromOldCopy,
  restartShardFromOldCopyWhilePostgresIsAway,
  suspendMaster,
} from './shard-scripts';
import {
  failOverSentinelByHand,
  flushSentinelMaster,
  killSentinelMaster,
  suspendSentinelMaster,
} from './sentinel-scripts';
import {
  cutOffPostgres,
  cutOffRedis,
  evict,
  failOverToLaggingReplica,
  flushAll,
  killConnections,
  killInstance,
  loseRedisWhilePostgresIsAway,
  pauseRedis,
  restartEmpty,
  restartFromOldCopy,
  restartFromOldCopyWhilePostgresIsAway,
  restartPostgres,
  stepClock,
  suspendRedis,
  type Script,
} from './scripts';

const ONE = [['a'], ['b']];
const SOME = [...ONE, undefined];

type PossibleFaults = Record<string, (random: Random) => Script>;

/** Faults of instances and Postgres, with their targets. */
const GENERAL: PossibleFaults = {
  killInstance: () => killInstance,
  // Less than the time in which a client may repeat a refresh.
  stepClock: (random) => stepClock(random.pick(['a', 'b'])!, random.pick([-3_000, 3_000])!),
  cutPostgres: (random) => cutOffPostgres('cut', random.pick(SOME)),
  hangPostgres: (random) => cutOffPostgres('hang', random.pick(ONE)),
  shutDownPostgres: () => restartPostgres('shutDown'),
  crashPostgres: () => restartPostgres('crash'),
};

/** Of a single Redis with a replica. */
export const FAULTS: PossibleFaults = {
  ...GENERAL,
  flushAll: () => flushAll,
  evictSessions: () => evict('session:*'),
  evictTombstones: () => evict('blacklist:*'),
  evictProfiles: () => evict('user:profile:*'),
  evictCheckpoint: () => evict('latchkey:checkpoint'),
  restartEmpty: () => restartEmpty,
  restartFromOldCopy: () => restartFromOldCopy,
  failOver: () => failOverToLaggingReplica,
  pauseShortly: () => pauseRedis(200),
  pauseLong: () => pauseRedis(1_500),
  suspendRedis: () => suspendRedis,
  killConnections: () => killConnections,
  cutRedis: (random) => cutOffRedis('cut', random.pick(SOME)),
  hangRedis: (random) => cutOffRedis('hang', random.pick(SOME)),
  loseRedis: (random) => cutOffRedis('lose', random.pick(SOME)),
  loseBoth: () => loseRedisWhilePostgresIsAway,
  oldCopyAlone: () => restartFromOldCopyWhilePostgresIsAway,
};

/** Of a Redis Cluster. */
export const SHARD_FAULTS: PossibleFaults = {
  ...GENERAL,
  flushShard: () => flushShard,
  killMaster: () => killMaster,
  failOverToLaggingShard: () => failOverToLaggingShard,
  suspendMaster: () => suspendMaster,
  isolateMaster: () => isolateMaster,
  failOverByHand: () => failOverByHand,
  restartShardFromOldCopy: () => restartShardFromOldCopy,
  oldCopyAlone: () => restartShardFromOldCopyWhilePostgresIsAway,
  reshard: () => reshard,
  growAndShrink: () => growAndShrink,
};

/** Of a master that Sentinels watch. */
export const SENTINEL_FAULTS: PossibleFaults = {
  ...GENERAL,
  flushMaster: () => flushSentinelMaster,
  killMaster: () => killSentinelMaster,
  suspendMaster: () => suspendSentinelMaster,
  failOverByHand: () => failOverSentinelByHand,
};

async function oneFaultAfterAnother(
  scenario: Scenario,
  possible: PossibleFaults,
  durationMs: number,
  happened: string[],
): Promise<void> {
  const { faults, random } = scenario;
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    const name = random.pick(Object.keys(possible))!;
    happened.push(name);
    await possible[name]!(random)(scenario);
    await faults.recovered();
  }
}

/**
 * Random faults, one after another, for a time; no rule may be broken.
 * @param options of the load and the checker.
 * @param possible the faults that may occur.
 */
export async function expectToSurvive(
  cluster: Cluster,
  durationMs: number,
  options: ScenarioOptions = {},
  possible = FAULTS,
): Promise<void> {
  const random = new Random(seed());
  const happened: string[] = [];
  const repeat = `LATCHKEY_FAULT_SEED=${random.seed} repeats the choices`;
  process.stdout.write(`${repeat}\n`);
  try {
    const run = (scenario: Scenario) =>
      oneFaultAfterAnother(scenario, possible, durationMs, happened);
    const outcome = await underLoad(cluster, run, { ...options, random });
    process.stdout.write(`${happened.length} faults, ${outcome.requests.length} requests\n`);
    expectPromisesKept(outcome, cluster);
  } catch (error) {
    throw new Error(`after ${happened.join(', ')} (${repeat})`, { cause: error });
  }
}
