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
  | 'logout-others'
  | 'delete-session'
  | 'change-password'
  | 'revoke-by-admin';

/** One request and its answer as a client received them. Instants by the monotonic clock of the client. */
export interface RecordedRequest {
  id: number;
  /** The client that made it. */
  client: string;
  /** Name of the instance that it was sent to. */
  instance: string;
  op: Operation;
  /** The user whose account it uses. */
  user: string;
  /** The session of the access or refresh token; null without a token. */
  session: string | null;
  /** The session to be ended, for `delete-session`. */
  target: string | null;
  /** The session that the answer opened. */
  opened: string | null;
  startMs: number;
  endMs: number;
  /** 0: the connection broke before an answer was complete, so the effect is not known. */
  status: number;
  /** The `code` of a problem+json answer; of a broken connection, the way it broke. */
  code: string | null;
  retryAfter: string | null;
  /**
   * Number of the profile version that was written or read, of the password that was given at a
   * login, or of the one that a change sets. Numbers of a user only grow.
   */
  value: number | null;
}

/** The time in which the test kept a store, or an instance, from working. */
export interface FaultWindow {
  /** `sessions-in-redis`: Redis answers, and what it held is void (docs/decisions/0041-epochs-end-in-a-crash.md). */
  target: 'redis' | 'sessions-in-redis' | 'postgres' | 'instance';
  /** The instances that were affected. */
  instances: readonly string[];
  startMs: number;
  endMs: number;
}

/** All requests and answers, in the order of the answers. */
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

  /** Resolves when this many more requests have been answered. */
  async grown(by: number): Promise<void> {
    const count = this.requests.length + by;
    await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
  }
}

/**
 * Whether the instance of a request must know the effect of an earlier one: at once where it was the
 * same instance.
 * @param staleMs milliseconds in which other instances need not.
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
