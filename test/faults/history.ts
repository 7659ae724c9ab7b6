export type Operation =
  | 'register'
  | 'login'
  | 'refresh'
  | 'verify'
  | 'read-profile'
  | 'write-profile'
  | 'list-sessions'
  | 'logout'
  | 'logout-all'
  | 'delete-session'
  | 'change-password'
  | 'revoke-by-admin';

/** One request and its answer as a client saw them. Instants by the client's monotonic clock. */
export interface RecordedRequest {
  id: number;
  /** Which of the concurrent clients made it. */
  client: string;
  /** Name of the instance that it was sent to. */
  instance: string;
  op: Operation;
  /** Whose account it is about. */
  user: string;
  /** The session whose access or refresh token came along; null where none did. */
  session: string | null;
  /** The session to be ended, for `delete-session`. */
  target: string | null;
  /** The session that the answer opened. */
  opened: string | null;
  startMs: number;
  endMs: number;
  /** 0: the connection broke before an answer was complete, so the effect is not known. */
  status: number;
  /** The `code` of a problem+json answer; of a broken connection, how it broke. */
  code: string | null;
  retryAfter: string | null;
  /**
   * Number of the profile version that was written or read, of the password that was given at a
   * login, or of the one that a change sets. Numbers of a user only grow.
   */
  value: number | null;
}

/** While a store, or an instance, could not be relied upon because the test saw to it. */
export interface FaultWindow {
  target: 'redis' | 'postgres' | 'instance';
  /** The instances that were concerned. */
  instances: readonly string[];
  startMs: number;
  endMs: number;
}

/** Everything that was asked and answered, in the order of the answers. */
export class History {
  readonly requests: RecordedRequest[] = [];
  private lastId = 0;
  private waiting: { count: number; resolve: () => void }[] = [];

  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  add(request: RecordedRequest): void {
    this.requests.push(request);
    const { length } = this.requests;
    this.waiting.filter(({ count }) => count <= length).forEach(({ resolve }) => resolve());
    this.waiting = this.waiting.filter(({ count }) => count > length);
  }

  /** Resolves when so many more requests have been answered. */
  async grown(by: number): Promise<void> {
    const count = this.requests.length + by;
    await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
  }
}

/**
 * Whether the instance that a request went to has to know what an earlier one did: at once where that
 * was the same instance.
 * @param staleMs for how long others need not.
 */
export function isKnownTo(
  request: RecordedRequest,
  earlier: RecordedRequest,
  staleMs: number,
): boolean {
  const patienceMs = request.instance === earlier.instance ? 0 : staleMs;
  return earlier.endMs + patienceMs < request.startMs;
}

export function byUser(
  requests: readonly RecordedRequest[],
): ReadonlyMap<string, RecordedRequest[]> {
  const groups = new Map<string, RecordedRequest[]>();
  for (const request of requests) {
    const group = groups.get(request.user);
    if (group) {
      group.push(request);
    } else {
      groups.set(request.user, [request]);
    }
  }
  return groups;
}

export function describeRequest(request: RecordedRequest): string {
  const { id, op, instance, user, session, target, opened, value, startMs, endMs } = request;
  const about = [
    `user ${user.slice(0, 8)}`,
    session && `token of ${session.slice(0, 8)}`,
    target && `target ${target.slice(0, 8)}`,
    opened && `opened ${opened.slice(0, 8)}`,
    value !== null && `value ${value}`,
  ].filter(Boolean);
  const outcome = request.status === 0 ? 'lost' : String(request.status);
  const answer = [outcome, request.code].filter(Boolean).join(' ');
  const time = `${startMs.toFixed(1)}..${endMs.toFixed(1)} ms`;
  return `#${id} ${op} on ${instance} (${about.join(', ')}; ${time}) -> ${answer}`;
}
