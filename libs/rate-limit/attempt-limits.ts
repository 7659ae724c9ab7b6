import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { OverloadedError } from '#libs/common';
import { Metrics } from '#libs/metrics';
import { RedisClient } from '#libs/redis';
import { addressGroup } from './address-group';
import { countingScript, Limiter, type LimitRule, type Standing } from './limiter';
import { LIMIT_NAMES, type LimitName } from './limit-name';
import { RateLimitOptions } from './rate-limit.options';
import { RateLimitedError } from './rate-limited.error';

const MINUTE_SECONDS = 60;
/** A quarter of an hour: the longest that one address is kept from one account. */
const LONGEST_WAIT_SECONDS = 15 * MINUTE_SECONDS;
/** Failures of one account, from all addresses together, that delay nobody. */
const FREE_FAILURES = 10;
const FAILURES_WINDOW_SECONDS = 15 * MINUTE_SECONDS;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4000;
/** Attempts that wait at once; each holds a connection. */
const MAX_DELAYED = 500;
/** By which a refusal is held back: who asks again at once asks every other second. */
const REFUSAL_DELAY_MS = 2000;
const MAX_HELD_REFUSALS = 2000;

/** Whose password is to be proved: an address of e-mail or an id. Kept hashed, for a quarter of an hour. */
type Account = string;

/**
 * How often somebody may try. An account is guarded together with the address that asks for it: who
 * attacks it is stopped, and its owner gets in from anywhere else. From all addresses together an
 * account is never refused; its attempts are delayed, the longer the more of them fail.
 * Nothing here rejects for Redis being away. One round trip each, admitting a sign-in two.
 */
@Injectable()
export class AttemptLimits {
  private readonly enabled: boolean;
  private readonly perAccount: Limiter;
  private readonly perAddress: Limiter;
  private readonly global: Limiter;
  private readonly registrations: Limiter;
  private readonly failures: Limiter;
  private readonly countRefusal: (limit: LimitName) => void;
  private delayed = 0;
  private heldRefusals = 0;

  constructor(options: RateLimitOptions, redis: RedisClient, metrics: Metrics) {
    this.countRefusal = metrics.auth.refusals(LIMIT_NAMES);
    const script = countingScript(redis);
    const limiter = (name: string, attempts: number, more: Partial<LimitRule> = {}) =>
      new Limiter(script, { name, attempts, windowSeconds: MINUTE_SECONDS, ...more });
    this.enabled = options.enabled;
    this.perAccount = limiter('account', options.loginsPerAccount, {
      longestWaitSeconds: LONGEST_WAIT_SECONDS,
    });
    this.perAddress = limiter('address', options.loginsPerAddress);
    this.global = limiter('global', options.loginsGlobal);
    this.registrations = limiter('registrations', options.registrationsPerAddress);
    this.failures = limiter('failures', FREE_FAILURES, { windowSeconds: FAILURES_WINDOW_SECONDS });
  }

  /**
   * Lets a sign-in, or another proof of a password, go on; after a delay where many have failed.
   * @param account null where the request names none.
   * @returns where the client stands with the limit that it is closest to; null without limits.
   * @throws RateLimitedError; OverloadedError when too many wait already.
   */
  async admitLogin(account: Account | null, address: string): Promise<Standing | null> {
    if (!this.enabled) {
      return null;
    }
    const group = addressGroup(address);
    const [ofAccount, ofAddress, failed] = await Promise.all([
      account === null ? null : this.perAccount.count(keyOf(account, group)),
      this.perAddress.count(keyOf(group)),
      account === null ? null : this.failures.add(keyOf(account), 0),
    ]);
    if (ofAccount) {
      this.refuseBeyond('account', ofAccount);
    }
    this.refuseBeyond('address', ofAddress);
    // After the others: a client that is refused must not use up what everybody shares.
    this.refuseBeyond('global', await this.global.count('all'));
    await this.delay(delayMs(failed?.counted ?? 0));
    return ofAccount && ofAccount.remaining < ofAddress.remaining ? ofAccount : ofAddress;
  }

  /** A proof of a password that failed: what comes for this account next may be delayed. */
  async failed(account: Account): Promise<void> {
    if (this.enabled) {
      await this.failures.add(keyOf(account), 1);
    }
  }

  /** @returns as `admitLogin`. @throws RateLimitedError */
  async admitRegistration(address: string): Promise<Standing | null> {
    if (!this.enabled) {
      return null;
    }
    const standing = await this.registrations.count(keyOf(addressGroup(address)));
    this.refuseBeyond('address', standing);
    return standing;
  }

  /**
   * Resolves when a refusal may be answered. A flood that is refused for nothing would otherwise take the
   * time of everybody else; beyond some thousands it is refused at once.
   */
  async holdRefusal(): Promise<void> {
    if (!this.enabled || this.heldRefusals >= MAX_HELD_REFUSALS) {
      return;
    }
    this.heldRefusals += 1;
    await pause(REFUSAL_DELAY_MS);
    this.heldRefusals -= 1;
  }

  private refuseBeyond(limit: LimitName, standing: Standing): void {
    if (standing.counted > standing.limit) {
      this.countRefusal(limit);
      throw new RateLimitedError(limit, standing);
    }
  }

  private async delay(milliseconds: number): Promise<void> {
    if (milliseconds === 0) {
      return;
    }
    if (this.delayed >= MAX_DELAYED) {
      throw new OverloadedError();
    }
    this.delayed += 1;
    try {
      await pause(milliseconds);
    } finally {
      this.delayed -= 1;
    }
  }
}

/** @param failures of the account, in the last quarter of an hour. */
export function delayMs(failures: number): number {
  const beyond = failures - FREE_FAILURES;
  return beyond < 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** beyond, LONGEST_DELAY_MS);
}

/** Redis need not know who tried. */
function keyOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 22);
}
