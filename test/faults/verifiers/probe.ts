import { LatchkeyVerifier } from '../../../packages/verifier/src/latchkey-verifier';
import type { VerifierEvent, VerifierOptions, VerifiedSession } from '@latchkey/verifier';
import { TcpProxy } from '../../support/tcp-proxy';
import type { Cluster } from '../cluster';
import type { CheckRecord, SignalRecord } from './check-record';

export const BOUND_MS = 2_000;
/** Of the introspection clients of the instances. */
export const CLIENT = { clientId: 'billing', clientSecret: 'a long secret of the service' };
/** Environment of the instances. */
export const VERIFIER_ENV = { INTROSPECTION_CLIENTS: `${CLIENT.clientId}:${CLIENT.clientSecret}` };

export type MakeVerifier = (options: VerifierOptions) => LatchkeyVerifier;

/** What is checked: a token and its session. */
export interface Checked {
  token: string;
  session: string;
}

/**
 * A verifier of a service, with all its checks. It reaches the instances by two wires, one for the stream and one for its
 * calls; each new connection leads to the next instance, also to one that is dead, as behind a balancer that does not know
 * that yet.
 */
export class Probe {
  readonly checks: CheckRecord[] = [];
  readonly signals: SignalRecord[] = [];
  readonly events: VerifierEvent[] = [];
  private readonly openSignals = new Map<string, SignalRecord>();
  private verifier: LatchkeyVerifier;

  private constructor(
    readonly name: string,
    readonly stream: TcpProxy,
    readonly calls: TcpProxy,
    private readonly make: MakeVerifier,
  ) {
    this.verifier = this.start();
  }

  /** @param first index of the instance that its first connection leads to. */
  static async start(
    cluster: Cluster,
    name: string,
    { first = 0, make = (options) => new LatchkeyVerifier(options) }: ProbeOptions = {},
  ): Promise<Probe> {
    const all = cluster.instances.map(({ port }) => port);
    const ports = [...all.slice(first), ...all.slice(0, first)];
    const [stream, calls] = await Promise.all([TcpProxy.start(0), TcpProxy.start(0)]);
    [stream, calls].forEach((wire) => wire.pointTo(...ports));
    return new Probe(name, stream, calls, make);
  }

  get wires(): TcpProxy[] {
    return [this.stream, this.calls];
  }

  get isTrusted(): boolean {
    return this.verifier.isTrusted;
  }

  /** As a service that is deployed anew. */
  restart(): void {
    this.close();
    this.verifier = this.start();
  }

  /** Checks a token. Never rejects. */
  async check({ token, session }: Checked): Promise<CheckRecord> {
    const { verifier } = this;
    const startMs = performance.now();
    const outcome = await verifier.verify(token).then(
      (verified) => ({ verified, status: 200, code: null }),
      (error: unknown) => refusalOf(error),
    );
    const { status, code } = outcome;
    const record = {
      verifier: this.name,
      session,
      startMs,
      endMs: performance.now(),
      status,
      code,
    };
    this.checks.push(record);
    if ('verified' in outcome && verifier === this.verifier) {
      this.watch(outcome.verified);
    }
    return record;
  }

  /** How many checks were accepted from memory. */
  get kept(): number {
    return this.events.filter((event) => event.type === 'check' && event.result === 'kept').length;
  }

  async stop(): Promise<void> {
    this.close();
    this.wires.forEach((wire) => wire.stop());
    await Promise.resolve();
  }

  /** Opens one signal per session. */
  private watch(verified: VerifiedSession): void {
    const { sessionId: session } = verified;
    if (this.openSignals.has(session)) {
      return;
    }
    const signal = this.verifier.onSessionEnd(verified);
    const startMs = performance.now();
    const record: SignalRecord = {
      verifier: this.name,
      session,
      startMs,
      endMs: Infinity,
      watchedUntilMs: Infinity,
      code: null,
    };
    const end = () => {
      this.openSignals.delete(session);
      record.endMs = performance.now();
      record.code = (signal.reason as { code?: string }).code ?? null;
    };
    this.signals.push(record);
    if (signal.aborted) {
      end();
    } else {
      this.openSignals.set(session, record);
      signal.addEventListener('abort', end, { once: true });
    }
  }

  private start(): LatchkeyVerifier {
    return this.make({
      url: `http://127.0.0.1:${this.stream.port}`,
      ...CLIENT,
      boundMs: BOUND_MS,
      onEvent: (event) => this.events.push(event),
      fetch: (input, init) => fetch(this.overTheWireOfCalls(input), init),
    });
  }

  private overTheWireOfCalls(input: Parameters<typeof fetch>[0]): URL {
    const url = new URL(input instanceof Request ? input.url : input);
    url.port = String(this.calls.port);
    return url;
  }

  private close(): void {
    const nowMs = performance.now();
    this.openSignals.forEach((record) => (record.watchedUntilMs = nowMs));
    this.verifier.close();
  }
}

export interface ProbeOptions {
  first?: number;
  make?: MakeVerifier;
}

function refusalOf(error: unknown): { status: number; code: string } {
  const { status, code } = error as { status?: number; code?: string };
  if (status === undefined || code === undefined) {
    throw error;
  }
  return { status, code };
}
