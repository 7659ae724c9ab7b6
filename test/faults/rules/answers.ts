import {
  describeRequest,
  type FaultWindow,
  type Operation,
  type RecordedRequest,
} from '../history';
import type { Violation } from '../violation';

/** What can be confirmed, or done, by either store alone. */
const EITHER_STORE = new Set<Operation>(['verify', 'logout']);

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

export interface Patience {
  /** For how long after a fault requests may still feel it. */
  graceMs: number;
}

/**
 * Every request is answered as the contract says. 503 is `dependency_unavailable` with Retry-After,
 * and only while a store that is needed is away: Postgres, or for what either store can answer,
 * both. A connection only breaks while its instance was taken down.
 */
export function unsureMeansNo(
  requests: readonly RecordedRequest[],
  faults: readonly FaultWindow[],
  { graceMs }: Patience,
): Violation[] {
  const isDuring = (request: RecordedRequest, target: FaultWindow['target']) =>
    faults.some(
      (fault) =>
        fault.target === target &&
        fault.instances.includes(request.instance) &&
        fault.startMs <= request.endMs &&
        request.startMs <= fault.endMs + graceMs,
    );
  return requests.flatMap((request) => {
    const wrong = wrongWith(request, (target) => isDuring(request, target));
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
  { op, status, code, retryAfter }: RecordedRequest,
  isDuring: (target: FaultWindow['target']) => boolean,
): string | null {
  if (status === 0) {
    return isDuring('instance') ? null : 'no answer, though nobody took the instance down';
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
  const mayBeUnavailable = isDuring('postgres') && (!EITHER_STORE.has(op) || isDuring('redis'));
  return mayBeUnavailable ? null : '503 though a store could answer';
}
