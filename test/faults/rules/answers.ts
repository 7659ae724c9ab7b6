import { describeRequest, type Operation, type RecordedRequest } from '../history';
import type { Violation } from '../violation';
import type { FaultBook } from './fault-book';
import type { SessionFate } from './revocations';

/** Operations that either store alone can confirm. */
const EITHER_STORE = new Set<Operation>(['verify']);

/** Statuses beside 401 and 503. */
const EXPECTED: Record<Operation, readonly number[]> = {
  register: [201],
  login: [200],
  refresh: [200],
  verify: [200],
  'read-profile': [200],
  'write-profile': [200],
  'list-sessions': [200],
  logout: [204],
  'logout-all': [200],
  'logout-others': [200],
  'delete-session': [204, 404],
  'change-password': [204],
  'revoke-by-admin': [200],
};

/**
 * Every request has a status of the contract. 503 is `dependency_unavailable` with Retry-After,
 * and only while a required store is away: Postgres; for operations that either store can answer, also
 * Redis, or its entries. A connection breaks only while the test has stopped its instance.
 */
export function unsureMeansNo(
  requests: readonly RecordedRequest[],
  fates: ReadonlyMap<string, SessionFate>,
  faults: FaultBook,
): Violation[] {
  return requests.flatMap((request) => {
    const wrong = wrongWith(request, fates.get(request.session ?? ''), faults);
    return wrong === null
      ? []
      : [
          {
            rule: 'unsure-means-no',
            sentence: `${wrong}: ${describeRequest(request)}`,
            requests: [request],
          },
        ];
  });
}

function wrongWith(
  request: RecordedRequest,
  fate: SessionFate | undefined,
  faults: FaultBook,
): string | null {
  const { op, status, code, retryAfter } = request;
  if (status === 0) {
    const isDown = faults.isDuring(request, 'instance');
    return isDown ? null : 'no answer, though the instance was not stopped';
  }
  if (status === 401 || EXPECTED[op].includes(status)) {
    return null;
  }
  if (status !== 503) {
    return 'a status outside the contract';
  }
  if (code !== 'dependency_unavailable' || !/^\d+$/.test(retryAfter ?? '')) {
    return '503 without its code or without Retry-After';
  }
  const redisCannotTell =
    !EITHER_STORE.has(op) ||
    faults.isDuring(request, 'redis') ||
    faults.mayBeUnknownToRedis(request, fate);
  return faults.isDuring(request, 'postgres') && redisCannotTell
    ? null
    : '503 though a store could answer';
}
