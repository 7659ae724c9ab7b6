import { elapsedMs, type Clock } from './clock.js';
import { VerifierUnavailableError } from './errors.js';
import type { Report } from './events.js';
import { basicCredentials, type Settings } from './options.js';

export type Introspection =
  | { readonly active: false }
  | { readonly active: true; readonly sub: unknown; readonly sid: unknown; readonly role: string };

const INTROSPECT = 'api/auth/introspect';
const MAX_RETRY_AFTER_SECONDS = 60;

/** `POST /api/auth/introspect` (RFC 7662), with a deadline. */
export class Introspector {
  private readonly open = new Set<AbortController>();

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly report: Report,
  ) {}

  /** @throws VerifierUnavailableError when no usable answer arrived within `deadlineMs` */
  async introspect(token: string): Promise<Introspection> {
    const asked = this.clock.now();
    const duration = () => elapsedMs(asked, this.clock.now());
    try {
      const answer = await this.ask(token);
      // The timer of the deadline stops while the machine is suspended.
      if (duration() > this.settings.deadlineMs) {
        throw new VerifierUnavailableError('introspection answered too late');
      }
      const result = answer.active ? 'active' : 'inactive';
      this.report({ type: 'introspection', result, durationMs: duration() });
      return answer;
    } catch (cause) {
      this.report({ type: 'introspection', result: 'failed', durationMs: duration() });
      throw cause instanceof VerifierUnavailableError
        ? cause
        : new VerifierUnavailableError('introspection failed', 1, { cause });
    }
  }

  close(): void {
    this.open.forEach((call) => call.abort());
  }

  private async ask(token: string): Promise<Introspection> {
    const call = new AbortController();
    const deadline = setTimeout(() => call.abort(), this.settings.deadlineMs);
    this.open.add(call);
    try {
      return await this.answer(token, call.signal);
    } finally {
      clearTimeout(deadline);
      this.open.delete(call);
    }
  }

  private async answer(token: string, signal: AbortSignal): Promise<Introspection> {
    const response = await this.settings.fetch(new URL(INTROSPECT, this.settings.url), {
      method: 'POST',
      headers: { authorization: basicCredentials(this.settings), accept: 'application/json' },
      body: new URLSearchParams({ token }),
      redirect: 'error',
      signal,
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      const reason = `introspection answered ${response.status}`;
      throw new VerifierUnavailableError(reason, retryAfter(response.headers.get('retry-after')));
    }
    return parse(await response.json());
  }
}

function parse(body: unknown): Introspection {
  const { active, sub, sid, scope } = (body ?? {}) as Record<string, unknown>;
  if (active === false) {
    return { active };
  }
  if (active === true && typeof scope === 'string') {
    return { active, sub, sid, role: scope };
  }
  throw new VerifierUnavailableError('introspection answered in an unknown form');
}

function retryAfter(header: string | null): number {
  const seconds = Number(header ?? 1);
  return seconds >= 1 ? Math.min(Math.ceil(seconds), MAX_RETRY_AFTER_SECONDS) : 1;
}
