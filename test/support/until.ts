import { setTimeout as pause } from 'node:timers/promises';
import { inspect, isDeepStrictEqual } from 'node:util';

/** Between two calls of a probe: the first, which each one doubles, and the longest. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;
/** The report shows this many characters of a value, half of them from its end. */
const SHOWN_CHARACTERS = 400;
const UNBOUNDED = { depth: 4, maxArrayLength: null, maxStringLength: null };

/** Waits that run, and waits whose probe threw. `endOpenWaits` empties the set after each test. */
const openWaits = new Set<Wait>();

/**
 * Calls `probe` until it returns the expected value. Jest's timeout is the only deadline: after it,
 * `endOpenWaits` ends the wait and reports the last value.
 * @param what completes "waited until ...", such as "the token is refused".
 * @param expected the value, or a predicate; any truthy value when absent.
 * @returns the value that was expected.
 * @throws what the probe or the predicate throws, at once.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
): Promise<Exclude<T, Falsy>>;
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  expected: NoInfer<T> | ((value: T) => boolean),
): Promise<T>;
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  expected: T | ((value: T) => boolean) = Boolean,
): Promise<T> {
  const wait = new Wait(what);
  openWaits.add(wait);
  const value = await wait.run(probe, isPredicate(expected) ? expected : equals(expected));
  openWaits.delete(wait);
  return value;
}

type Falsy = false | 0 | '' | null | undefined;

function isPredicate<T>(expected: T | ((value: T) => boolean)): expected is (value: T) => boolean {
  return typeof expected === 'function';
}

function equals<T>(expected: T): (value: T) => boolean {
  return (value) => isDeepStrictEqual(value, expected);
}

/**
 * Ends every open wait.
 * @throws Error with one line for each wait that was open.
 */
export function endOpenWaits(): void {
  if (openWaits.size === 0) {
    return;
  }
  const ended = [...openWaits];
  openWaits.clear();
  const report = new Error(ended.map((wait) => wait.describe()).join('\n'));
  ended.forEach((wait) => wait.end(report));
  throw report;
}

class Wait {
  private readonly beganMs = performance.now();
  private values: unknown[] = [];
  private isProbing = false;
  private failure?: { error: unknown; afterMs: number };
  private readonly ended: Promise<never>;
  /** Stops the wait: its promise rejects with the reason. */
  end!: (reason: Error) => void;

  constructor(private readonly what: string) {
    this.ended = new Promise((_resolve, reject) => (this.end = reject));
    // The reason must reject the promise of `until` alone.
    this.ended.catch(() => undefined);
  }

  async run<T>(probe: () => T | Promise<T>, isExpected: (value: T) => boolean): Promise<T> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
      const value = await Promise.race([this.ask(probe, isExpected), this.ended]);
      if (value.isExpected) {
        return value.value;
      }
      await Promise.race([pause(pauseMs), this.ended]);
    }
  }

  describe(): string {
    if (this.failure) {
      const { error, afterMs } = this.failure;
      return `stopped waiting until ${this.what} after ${seconds(afterMs)}: the probe threw ${shown(error)}`;
    }
    const lines = [
      `still waiting until ${this.what} after ${seconds(performance.now() - this.beganMs)}`,
      ...this.values.map((value) => `last value: ${shown(value)}`),
      ...(this.isProbing ? ['the probe has not returned'] : []),
    ];
    return lines.join('; ');
  }

  private async ask<T>(
    probe: () => T | Promise<T>,
    isExpected: (value: T) => boolean,
  ): Promise<{ value: T; isExpected: boolean }> {
    this.isProbing = true;
    try {
      const value = await probe();
      this.values = [value];
      this.isProbing = false;
      return { value, isExpected: isExpected(value) };
    } catch (error) {
      this.failure = { error, afterMs: performance.now() - this.beganMs };
      throw error;
    }
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(1))} s`;
}

function shown(value: unknown): string {
  const text =
    value instanceof Error ? `${value.name}: ${value.message}` : inspect(value, UNBOUNDED);
  const half = SHOWN_CHARACTERS / 2;
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, half)} ... ${text.slice(-half)}` : text;
}
