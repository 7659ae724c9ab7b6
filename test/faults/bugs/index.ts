import type { Abstract, Type } from '@nestjs/common';
import { UserCaches } from '../../../libs/cache';
import { RedisEntryStore } from '../../../libs/cache/redis-entry.store';
import { SessionOpener, SessionRevoker, SessionVerifier } from '../../../libs/session';
import { NearCache } from '../../../libs/session/verify/near-cache/near-cache';
import { SessionRepository } from '../../../libs/session/store/session.repository';
import { OutboxApplier, OutboxFeed, SyncLeases, WriteThrough } from '../../../libs/sync';
import { CheckpointStore } from '../../../libs/sync/checkpoint.store';
import { UserStore } from '../../../libs/user';
import type { ScenarioOptions } from '../scenario';
import {
  cutOffRedis,
  flushAll,
  leaveToRedis,
  loseRedisWhilePostgresIsAway,
  nothingHappens,
  nothingHappensForLong,
  restartFromOldCopyWhilePostgresIsAway,
  type Script,
} from '../scripts';
import {
  restartShardFromOldCopy,
  restartShardFromOldCopyWhilePostgresIsAway,
} from '../shard-scripts';
import type { Rule } from '../violation';
import { StubbornPasswords, UncachedWrites } from './accounts';
import { OverconfidentNearCache, StaleNearCache } from './near-cache';
import { ForgottenPartitions, MisplacedCheckpoints, SharedLeases } from './partitions';
import { UnfencedFills } from './profiles';
import { ForgetfulFeed, TimedHeartbeats } from './revocation-stream';
import {
  EmptyRecord,
  VolatileRevocations,
  ForgivingSessions,
  LateGeneration,
  UnreachableRecord,
} from './sessions';
import { EndlessLeases, DeafApplier, EndlessWrites, HastyUpdates } from './synchronisation';

/** A mistake that the product does not make: a provider that replaces its own in every instance. */
export interface Mistake {
  provide: Type | Abstract<unknown>;
  useClass: Type;
}

/** A mistake that shows when many users act. */
export interface Bug extends Mistake {
  /** The rule that it breaks, and the script that shows it. */
  breaks: Rule;
  when: Script;
  load?: ScenarioOptions;
}

/** A mistake with passwords shows where they are changed all the time, while others sign in. */
const RACING_PASSWORDS: ScenarioOptions = {
  accounts: 2,
  clients: 8,
  weights: { login: 60, 'change-password': 30, logout: 15 },
};

/** A mistake with single sessions shows where many are ended. */
const MANY_ENDS: ScenarioOptions = {
  weights: { login: 25, logout: 20, 'delete-session': 12, 'write-profile': 2, refresh: 2 },
};

/** Mistakes of the near cache show where sessions are used repeatedly. */
export const MANY_READS: ScenarioOptions = {
  weights: { verify: 150, 'read-profile': 70, login: 10, 'write-profile': 3, refresh: 2 },
};

/** By the name that an instance is started with. */
export const BUGS: Record<string, Bug> = {
  'forgiving-sessions': {
    provide: SessionVerifier,
    useClass: ForgivingSessions,
    breaks: 'revoked-stays-revoked',
    when: nothingHappens,
  },
  'late-generation': {
    provide: SessionOpener,
    useClass: LateGeneration,
    breaks: 'revoked-stays-revoked',
    when: nothingHappensForLong,
    load: RACING_PASSWORDS,
  },
  'empty-record': {
    provide: SessionRepository,
    useClass: EmptyRecord,
    breaks: 'alive-stays-alive',
    when: flushAll,
  },
  'unreachable-record': {
    provide: SessionRepository,
    useClass: UnreachableRecord,
    breaks: 'unsure-means-no',
    when: cutOffRedis('cut'),
  },
  'volatile-revocations': {
    provide: SessionRevoker,
    useClass: VolatileRevocations,
    breaks: 'revoked-stays-revoked',
    when: loseRedisWhilePostgresIsAway,
    // No user signs in meanwhile, so many have to be signed in before.
    load: { ...MANY_ENDS, accounts: 10 },
  },
  'endless-lease': {
    provide: SyncLeases,
    useClass: EndlessLeases,
    breaks: 'revoked-stays-revoked',
    when: restartFromOldCopyWhilePostgresIsAway,
    load: MANY_ENDS,
  },
  'hasty-updates': {
    provide: WriteThrough,
    useClass: HastyUpdates,
    breaks: 'revoked-stays-revoked',
    when: cutOffRedis('cut', ['a']),
    load: MANY_ENDS,
  },
  'deaf-synchroniser': {
    provide: OutboxApplier,
    useClass: DeafApplier,
    breaks: 'revoked-stays-revoked',
    when: cutOffRedis('cut', ['a']),
    load: MANY_ENDS,
  },
  'uncached-writes': {
    provide: UserCaches,
    useClass: UncachedWrites,
    breaks: 'written-stays-visible',
    when: nothingHappens,
  },
  'stubborn-passwords': {
    provide: UserStore,
    useClass: StubbornPasswords,
    breaks: 'password-changed',
    when: nothingHappens,
    load: RACING_PASSWORDS,
  },
};

/** Bugs of instances whose near cache is on. */
export const NEAR_CACHE_BUGS: Record<string, Bug> = {
  'stale-near-cache': {
    provide: NearCache,
    useClass: StaleNearCache,
    breaks: 'revoked-stays-revoked',
    when: nothingHappens,
    load: MANY_READS,
  },
  'overconfident-near-cache': {
    provide: NearCache,
    useClass: OverconfidentNearCache,
    breaks: 'revoked-stays-revoked',
    when: leaveToRedis('b'),
    load: MANY_READS,
  },
};

/** Mistakes that a single server hides: it has one partition. */
export const PARTITION_BUGS: Record<string, Bug> = {
  'shared-leases': {
    provide: SyncLeases,
    useClass: SharedLeases,
    breaks: 'revoked-stays-revoked',
    when: restartShardFromOldCopyWhilePostgresIsAway,
    load: { ...MANY_ENDS, accounts: 12 },
  },
  'misplaced-checkpoints': {
    provide: CheckpointStore,
    useClass: MisplacedCheckpoints,
    breaks: 'revoked-stays-revoked',
    when: restartShardFromOldCopyWhilePostgresIsAway,
    load: { ...MANY_ENDS, accounts: 12 },
  },
  'forgotten-partitions': {
    provide: OutboxApplier,
    useClass: ForgottenPartitions,
    breaks: 'revoked-stays-revoked',
    when: restartShardFromOldCopy,
    load: { ...MANY_ENDS, accounts: 12 },
  },
};

/** Mistakes that show only where one profile is read and changed all the time. */
const CACHE_MISTAKES: Record<string, Mistake> = {
  'unfenced-fills': { provide: RedisEntryStore, useClass: UnfencedFills },
};

/** Mistakes that show only where an instance is stopped between the record and Redis. */
const STALL_MISTAKES: Record<string, Mistake> = {
  'endless-writes': { provide: SyncLeases, useClass: EndlessWrites },
};

/** Mistakes of the stream of revocations, which show at verifiers. */
export const STREAM_MISTAKES: Record<string, Mistake> = {
  'forgetful-feed': { provide: OutboxFeed, useClass: ForgetfulFeed },
  'timed-heartbeats': { provide: OutboxFeed, useClass: TimedHeartbeats },
};

/** @throws Error for a name that no mistake has. */
export function mistakeCalled(name: string): Mistake {
  const mistake =
    BUGS[name] ??
    NEAR_CACHE_BUGS[name] ??
    PARTITION_BUGS[name] ??
    CACHE_MISTAKES[name] ??
    STALL_MISTAKES[name] ??
    STREAM_MISTAKES[name];
  if (!mistake) {
    throw new Error(`there is no bug called ${name}`);
  }
  return mistake;
}
