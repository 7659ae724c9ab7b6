import { describeRequest, type Operation, type RecordedRequest } from '../history';
import type { Violation } from '../violation';
import type { FaultBook } from './fault-book';
import type { SessionFate } from './revocations';

/** What either store alone can confirm. */
const EITHER_STORE = new Set<Operation>(['verify']);

/** Beside 401 and 503. */
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
  'delete-session': [204, 404],
  'change-password': [204],
  'revoke-by-admin': [200],
};

/**
 * Every request is answered as the contract says. 503 is `dependency_unavailable` with Retry-After,
 * and only while a store that is needed is away: Postgres, and for what either store can answer Redis
 * too, or what it knew. A connection only breaks while its instance was taken down.
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
    return isDown ? null : 'no answer, though nobody took the instance down';
  }
  if (status === 401 || EXPECTED[op].includes(status)) {
    return null;
  }
  if (status !== 503) {
    return 'an answer that nobody expects';
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
