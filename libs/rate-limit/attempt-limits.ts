import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { OverloadedError, type Admission } from '#libs/common';
import { addressGroups, partyOf } from './address-group';
import { AttemptCounters, type Admitted } from './attempt-counters';
import { counterOf, countersOf, type LimitRule, type RateLimitState } from './counter';
import { KnownClients } from './known-clients';
import { RateLimitOptions } from './rate-limit.options';

const MINUTE_SECONDS = 60;
/** The longest time for which one address is refused for one account: 15 minutes. */
const LONGEST_WAIT_SECONDS = 15 * MINUTE_SECONDS;
/** Failures of one account, from all addresses together, below which no attempt is delayed. */
const FREE_FAILURES = 10;
const FAILURES_WINDOW_SECONDS = 15 * MINUTE_SECONDS;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4000;
/** Attempts that are delayed at once; each holds a connection. */
const MAX_DELAYED = 500;

/** Counts without refusing. */
const FAILURES: LimitRule = {
  name: 'failures',
  limit: 'account',
  attempts: Number.MAX_SAFE_INTEGER,
  windowSeconds: FAILURES_WINDOW_SECONDS,
};

/** The account whose password is proved: an e-mail address or an id. Stored hashed. */
type Account = string;

/** An admitted attempt. */
export interface AdmittedAttempt {
  /** Of the limit that is closest to being reached; null if limits are off. */
  state: RateLimitState | null;
  admission: Admission;
  /** Whether the mark that this account signs in from this address is recent. */
  isRemembered: boolean;
}

/**
 * Limits proofs of a password and registrations. An account is limited per address: an attacker is stopped, and the
 * owner can still sign in from any other address. Across all addresses an account is never refused; its attempts are
 * delayed, increasingly with the number of failures, unless the account has signed in from the address before. No
 * method rejects because Redis is unavailable. One round trip each.
 */
@Injectable()
export class AttemptLimits {
  private readonly perAddress: LimitRule;
  private readonly perAccount: LimitRule;
  private readonly registrations: LimitRule;
  private delayed = 0;

  constructor(
    private readonly options: RateLimitOptions,
    private readonly counters: AttemptCounters,
    private readonly clients: KnownClients,
  ) {
    const windowSeconds = MINUTE_SECONDS;
    this.perAddress = {
      name: 'address',
      limit: 'address',
      attempts: options.loginsPerAddress,
      windowSeconds,
    };
    this.perAccount = {
      name: 'account',
      limit: 'account',
      attempts: options.loginsPerAccount,
      windowSeconds,
      longestWaitSeconds: LONGEST_WAIT_SECONDS,
    };
    this.registrations = {
      name: 'registrations',
      limit: 'address',
      attempts: options.registrationsPerAddress,
      windowSeconds,
    };
  }

  /**
   * Admits a sign-in, after a delay if many have failed.
   * @param account null if the request names none.
   * @throws RateLimitedError; OverloadedError if too many attempts are delayed already.
   */
  async admitLogin(account: Account | null, address: string): Promise<AdmittedAttempt> {
    const party = partyOf(address);
    const marks = this.clients.marksOf(account, party);
    const { state, readings } = await this.count(account, address, marks);
    const [failures, ...ofMarks] = readings;
    const admission = { party, class: this.clients.classOf(marks, ofMarks) };
    if (admission.class !== 'known') {
      await this.delay(delayMs(failures?.value ?? 0));
    }
    return { state, admission, isRemembered: this.isRemembered(ofMarks) };
  }

  /**
   * Admits a proof of the password by a signed-in user, after a delay if many have failed.
   * @throws as `admitLogin`
   */
  async admitPasswordProof(userId: string, address: string): Promise<AdmittedAttempt> {
    const { state, readings } = await this.count(userId, address, []);
    await this.delay(delayMs(readings[0]?.value ?? 0));
    const admission: Admission = { party: partyOf(address), class: 'known' };
    return { state, admission, isRemembered: true };
  }

  /** @throws RateLimitedError */
  async admitRegistration(address: string): Promise<AdmittedAttempt> {
    const party = partyOf(address);
    const marks = this.clients.marksOf(null, party);
    const { state, readings } = await this.counters.admit(
      countersOf(this.registrations, addressGroups(address)),
      marks,
    );
    const admission = { party, class: this.clients.classOf(marks, readings) };
    return { state, admission, isRemembered: !this.options.enabled };
  }

  /** Records a failed proof of a password: later attempts on the account may be delayed. */
  async failed(account: Account): Promise<void> {
    await this.counters.note([counterOf(FAILURES, account)]);
  }

  /** Records a successful sign-in or registration: at most one round trip per day for an account and an address. */
  async succeeded(account: Account, attempt: AdmittedAttempt): Promise<void> {
    if (!attempt.isRemembered) {
      await this.clients.remember(account, attempt.admission.party);
    }
  }

  private count(
    account: Account | null,
    address: string,
    marks: readonly string[],
  ): Promise<Admitted> {
    const groups = addressGroups(address);
    const ofAddress = countersOf(this.perAddress, groups);
    if (account === null) {
      return this.counters.admit(ofAddress);
    }
    const ofAccount = countersOf(this.perAccount, groups, account);
    const { key } = counterOf(FAILURES, account);
    return this.counters.admit([...ofAddress, ...ofAccount], [key, ...marks]);
  }

  private isRemembered(marks: Admitted['readings']): boolean {
    return !this.options.enabled || this.clients.areFresh(marks);
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

/** @param failures of the account in the last 15 minutes. */
export function delayMs(failures: number): number {
  const beyond = failures - FREE_FAILURES;
  return beyond < 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** beyond, LONGEST_DELAY_MS);
}
