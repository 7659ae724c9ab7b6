import { OverloadedError } from './domain-error';

/** How well a client is known, from the best class to the worst. */
export const CLIENT_CLASSES = ['known', 'familiar', 'stranger'] as const;

/**
 * `known`: this account has signed in from this address group before; `familiar`: some account has;
 * `stranger`: none has, or it is not known whether one has.
 */
export type ClientClass = (typeof CLIENT_CLASSES)[number];

/** For whom work is done. */
export interface Admission {
  /** Those who share a turn: an address group. */
  party: string;
  class: ClientClass;
}

/** Work for which nothing says whose it is. */
export const ANY_CLIENT: Admission = { party: '', class: 'stranger' };

/** Whose turn it is, in rotation: half of the starts go to the best class, a quarter to each of the others. */
const TURNS: readonly ClientClass[] = ['known', 'familiar', 'known', 'stranger'];

interface Waiting {
  start: () => void;
  displace: () => void;
}

/** What waits in one class: the parties in the order of their turns, with the work of each, oldest first. */
type Parties = Map<string, Waiting[]>;

/**
 * A bounded queue before work that only a few may do at once. Better classes go first, but each class has its share
 * of the starts. Within a class the parties take turns, however much work each of them has. In a full queue a newcomer
 * takes the place of the newest work of the party that has the most, where that is fairer.
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
   * @param concurrency work that is done at once.
   * @param maxWaiting work that waits at once.
   */
  constructor(
    private readonly concurrency: number,
    private readonly maxWaiting: number,
  ) {}

  /** Work that waits for its turn. */
  get waiting(): number {
    return this.waitingNow;
  }

  /**
   * Does the work when its turn has come, and passes on what it returns or throws.
   * @throws OverloadedError when there is no room to wait, at once or while it waits.
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

  private turnOf(admission: Admission): Promise<void> {
    if (this.waitingNow >= this.maxWaiting && !this.makeRoom(admission)) {
      return Promise.reject(new OverloadedError());
    }
    const parties = this.classes[admission.class];
    const line = parties.get(admission.party) ?? [];
    parties.set(admission.party, line);
    this.waitingNow += 1;
    return new Promise((start, reject) => {
      line.push({ start, displace: () => reject(new OverloadedError()) });
    });
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
    // To the end, behind those who have not had their turn.
    parties.delete(party);
    if (line.length > 0) {
      parties.set(party, line);
    }
    this.waitingNow -= 1;
    this.running += 1;
    first?.start();
  }

  /**
   * Displaces the newest work of the party that has the most in the worst class, unless that class is better than the
   * newcomer's, or is the same and the newcomer's party would then have as much or more.
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
    line.pop()?.displace();
    if (line.length === 0) {
      parties.delete(greatest);
    }
    this.waitingNow -= 1;
    return true;
  }
}
