import { check } from './checker';
import type { FaultWindow, RecordedRequest } from './history';

export type Step = Partial<RecordedRequest> &
  Pick<RecordedRequest, 'op'> & { at: [startMs: number, endMs: number] };

/** A history of one user. A step without fields has those of a good answer. */
export function history(...steps: Step[]): RecordedRequest[] {
  return steps.map(({ at: [startMs, endMs], ...step }, index) => ({
    id: index + 1,
    client: 'client',
    instance: 'a',
    user: 'user',
    session: null,
    target: null,
    opened: null,
    startMs,
    endMs,
    status: SUCCESS[step.op] ?? 200,
    code: null,
    retryAfter: step.status === 503 ? '1' : null,
    value: null,
    ...step,
  }));
}

const SUCCESS: Partial<Record<RecordedRequest['op'], number>> = {
  register: 201,
  logout: 204,
  'delete-session': 204,
  'change-password': 204,
};

export const opened: Step = { op: 'login', at: [0, 10], opened: 's', value: 0 };

export const revoked = { status: 401, code: 'token_revoked' };
export const unavailable = { status: 503, code: 'dependency_unavailable' };

export function rulesBrokenBy(steps: Step[], faults: FaultWindow[] = []): string[] {
  return check(history(...steps), faults).map(({ rule }) => rule);
}
