import { byUser, describeRequest, isKnownTo, type RecordedRequest } from '../history';
import type { Violation } from '../violation';
import { effectOf } from './revocations';

/**
 * A profile that is read after a write was answered is at least that new. A write without an answer
 * may be executed late, so its version may be read at any time after it.
 * @param staleMs milliseconds in which other instances may still show the older one.
 */
export function writtenStaysVisible(
  requests: readonly RecordedRequest[],
  staleMs: number,
): Violation[] {
  return [...byUser(requests).values()].flatMap((ofUser) => ofOneUser(ofUser, staleMs));
}

function ofOneUser(requests: readonly RecordedRequest[], staleMs: number): Violation[] {
  const writes = requests.filter(({ op }) => op === 'write-profile');
  const reads = requests.filter(({ op, status }) => op === 'read-profile' && status === 200);
  return reads.flatMap((read) => {
    const hidden = writes.find(
      (write) =>
        effectOf(write) === 'done' && isKnownTo(read, write, staleMs) && write.value! > read.value!,
    );
    const shown = writes.find(({ value }) => value === read.value);
    if (!hidden || (shown && effectOf(shown) === 'undecided')) {
      return [];
    }
    const sentence =
      `an older profile ${(read.startMs - hidden.endMs).toFixed(1)} ms after a newer was ` +
      `written: ${describeRequest(read)} after ${describeRequest(hidden)}`;
    return [{ rule: 'written-stays-visible', sentence, requests: [hidden, read] }];
  });
}
