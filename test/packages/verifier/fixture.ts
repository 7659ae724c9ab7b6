import type { VerifierEvent, VerifierOptions } from '@latchkey/verifier';
import {
  startFakeIssuer,
  type FakeIssuer,
  type FakeIssuerOptions,
} from '@latchkey/verifier/testing';
import { systemClock, type Moment } from '../../../packages/verifier/src/clock';
import {
  LatchkeyVerifier,
  RECENT_WINDOW_MS,
  type VerifierParts,
} from '../../../packages/verifier/src/latchkey-verifier';
import { until } from '../../support/until';

/** Long, so that a busy machine does not lose the stream. */
const BOUND_MS = 30_000;

/** The clock of the machine, and a shift. */
export class ShiftedClock {
  private monotonicMs = 0;
  private wallMs = 0;

  now(): Moment {
    const { monotonicMs, wallMs } = systemClock.now();
    return { monotonicMs: monotonicMs + this.monotonicMs, wallMs: wallMs + this.wallMs };
  }

  pass(ms: number): void {
    this.monotonicMs += ms;
    this.wallMs += ms;
  }

  /** As after the machine was suspended. */
  passOnTheWall(ms: number): void {
    this.wallMs += ms;
  }
}

export interface Fixture {
  issuer: FakeIssuer;
  verifier: LatchkeyVerifier;
  clock: ShiftedClock;
  events: VerifierEvent[];
  close(): Promise<void>;
}

export type FixtureOptions = Partial<VerifierOptions> & VerifierParts & { at?: FakeIssuer };

export const BOUND = BOUND_MS;

export async function startIssuer(options?: FakeIssuerOptions): Promise<FakeIssuer> {
  return startFakeIssuer(options);
}

/** A verifier that trusts the stream, and whose start is so long ago that it keeps answers. */
export async function startVerifier({
  at,
  recentWindowMs,
  ...options
}: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await startNewVerifier({
    ...options,
    ...(at && { at }),
    ...(recentWindowMs !== undefined && { recentWindowMs }),
  });
  await until('the stream is trusted', () => fixture.verifier.isTrusted);
  fixture.clock.pass(RECENT_WINDOW_MS + 1);
  return fixture;
}

/** A verifier that begins to connect. */
export async function startNewVerifier({
  at,
  recentWindowMs,
  ...options
}: FixtureOptions = {}): Promise<Fixture> {
  const issuer = at ?? (await startIssuer());
  const clock = new ShiftedClock();
  const events: VerifierEvent[] = [];
  const { url, clientId, clientSecret } = issuer;
  const verifier = new LatchkeyVerifier(
    {
      url,
      clientId,
      clientSecret,
      boundMs: BOUND_MS,
      onEvent: (event) => events.push(event),
      ...options,
    },
    { clock, ...(recentWindowMs !== undefined && { recentWindowMs }) },
  );
  const close = async () => {
    verifier.close();
    await issuer.close();
  };
  return { issuer, verifier, clock, events, close };
}

/** Waits until the verifier has read everything that the stream has said by now. */
export async function untilRead({ issuer, verifier, events }: Fixture): Promise<void> {
  const { token, sessionId } = await issuer.issueToken();
  const session = await verifier.verify(token);
  const signal = verifier.onSessionEnd(session);
  issuer.endSession(sessionId);
  await until('the stream has been read', () => signal.aborted);
  events.length = 0;
}

/** The code of the refusal, or undefined when the call resolved. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );
}
