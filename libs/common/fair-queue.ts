import { OverloadedError } from './domain-error';

/** How well a client is known, from the best class to the worst. */
export const CLIENT_CLASSES = ['known', 'familiar', 'stranger'] as const;

/**
 * `known`: this account has signed in from this address group before; `familiar`: some account has; `stranger`: none
 * has, or the history is unknown.
 */
export type ClientClass = (typeof CLIENT_CLASSES)[number];

/** The client for whom work is done. */
export interface Admission {
  /** The clients that share a turn: an address group. */
  party: string;
  class: ClientClass;
}

/** For work without a known client. */
export const ANY_CLIENT: Admission = { party: '', class: 'stranger' };

/** The order of the classes: half of the starts for the best class, a quarter for each of the others. */
const TURNS: readonly ClientClass[] = ['known', 'familiar', 'known', 'stranger'];

interface Waiting {
  start: () => void;
  refuse: () => void;
}

/** How waiting ended: the work's turn came, or it was refused. */
export type WaitOutcome = 'ok' | 'refused';

export interface FairQueueOptions {
  /** Milliseconds after which waiting work is refused. No limit where absent. */
  maxWaitMs?: number;
  /** Called when waiting ends, for work that had to wait. Must not throw. */
  onWaited?: (outcome: WaitOutcome, waitedMs: number) => void;
}

/** The waiting work of one class: the parties in the order of their turns, with the work of each, oldest first. */
type Parties = Map<string, Waiting[]>;

/**
 * A bounded queue for work with limited concurrency. Better classes go first, but each class has its share of the
 * starts. Within a class the parties take turns, independent of the amount of their work. In a full queue, new work
 * displaces the newest work of the party that has the most, if that is fairer.
 */
export class FairQueue {
  private readonly classes: Record<ClientClass, Parties> = {
    known: new Map(),
    familiar: new Map(),
    stranger: new Map(),
  };
  private running = 0;
  private waitingNow = 0;
  private turn = 0;

  /**
   * @param concurrency work that runs at once.
   * @param maxWaiting work that waits at once.
   */
  constructor(
    private readonly concurrency: number,
    private readonly maxWaiting: number,
    private readonly options: FairQueueOptions = {},
  ) {}

  /** Number of waiting entries. */
  get waiting(): number {
    return this.waitingNow;
  }

  /**
   * Runs the work in its turn, and passes on its result or error.
   * @throws OverloadedError if there is no room, immediately or while the work waits, or if it waits too long.
   */
  async run<T>(admission: Admission, work: () => Promise<T>): Promise<T> {
    if (this.running < this.concurrency) {
      this.running += 1;
    } else {
      await this.turnOf(admission);
    }
    try {
      return await work();
    } finally {
      this.running -= 1;
      this.startNext();
    }
  }

  private async turnOf(admission: Admission): Promise<void> {
    const beganMs = performance.now();
    let outcome: WaitOutcome = 'refused';
    try {
      if (this.waitingNow >= this.maxWaiting && !this.makeRoom(admission)) {
        throw new OverloadedError();
      }
      await this.wait(admission);
      outcome = 'ok';
    } finally {
      this.options.onWaited?.(outcome, performance.now() - beganMs);
    }
  }

  private wait({ party, class: own }: Admission): Promise<void> {
    const parties = this.classes[own];
    const line = parties.get(party) ?? [];
    parties.set(party, line);
    this.waitingNow += 1;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const waiting: Waiting = {
        start: () => {
          clearTimeout(timer);
          resolve();
        },
        refuse: () => {
          clearTimeout(timer);
          reject(new OverloadedError());
        },
      };
      line.push(waiting);
      if (this.options.maxWaitMs !== undefined) {
        timer = setTimeout(() => this.giveUp(parties, party, waiting), this.options.maxWaitMs);
      }
    });
  }

  private giveUp(parties: Parties, party: string, waiting: Waiting): void {
    const line = parties.get(party) ?? [];
    line.splice(line.indexOf(waiting), 1);
    if (line.length === 0) {
      parties.delete(party);
    }
    this.waitingNow -= 1;
    waiting.refuse();
  }

  private startNext(): void {
    const own = TURNS[this.turn % TURNS.length] ?? 'known';
    const next = [own, ...CLIENT_CLASSES].find((one) => this.classes[one].size > 0);
    if (next === undefined) {
      return;
    }
    this.turn += 1;
    const parties = this.classes[next];
    const [[party, line] = ['', []]] = parties;
    const first = line.shift();
    // Moves behind the parties that have not had their turn.
    parties.delete(party);
    if (line.length > 0) {
      parties.set(party, line);
    }
    this.waitingNow -= 1;
    this.running += 1;
    first?.start();
  }

  /**
   * Displaces the newest work of the party that has the most in the worst class. It does not if that class is better
   * than the class of the new work, or is the same and the new work's party would then have as much or more.
   */
  private makeRoom({ party, class: own }: Admission): boolean {
    const worst = CLIENT_CLASSES.findLast((one) => this.classes[one].size > 0);
    if (worst === undefined || CLIENT_CLASSES.indexOf(worst) < CLIENT_CLASSES.indexOf(own)) {
      return false;
    }
    const parties = this.classes[worst];
    const [greatest, line] = [...parties].reduce((most, one) =>
      one[1].length >= most[1].length ? one : most,
    );
    const withNewcomer = (parties.get(party)?.length ?? 0) + 1;
    if (worst === own && line.length <= withNewcomer) {
      return false;
    }
    line.pop()?.refuse();
    if (line.length === 0) {
      parties.delete(greatest);
    }
    this.waitingNow -= 1;
    return true;
  }
}
