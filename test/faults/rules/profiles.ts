import { byUser, describeRequest, type RecordedRequest } from '../history';
import type { Violation } from '../violation';
import { effectOf } from './revocations';

/**
 * A profile that is read after a write was answered is at least that new. A write without an answer
 * may be carried out late, so its version may stand there at any time after it.
 */
export function writtenStaysVisible(requests: readonly RecordedRequest[]): Violation[] {
  return [...byUser(requests).values()].flatMap(ofOneUser);
}

function ofOneUser(requests: readonly RecordedRequest[]): Violation[] {
  const writes = requests.filter(({ op }) => op === 'write-profile');
  const reads = requests.filter(({ op, status }) => op === 'read-profile' && status === 200);
  return reads.flatMap((read) => {
    const hidden = writes.find(
      (write) =>
        effectOf(write) === 'done' && write.endMs < read.startMs && write.value! > read.value!,
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
