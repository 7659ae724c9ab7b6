import type { VerifiedSession, VerifierOptions } from '@latchkey/verifier';
import { LatchkeyVerifier } from '../../../packages/verifier/src/latchkey-verifier';
import type { Moment } from '../../../packages/verifier/src/clock';
import type { StreamMessage } from '../../../packages/verifier/src/stream-message';
import { TokenRevokedError } from '../../../packages/verifier/src/errors';
import type { MakeVerifier } from './probe';
import type { VerifierRule } from './rules';
import { breakWires, cutOffPostgres, cutStreamsRepeatedly, LONG_MS } from './scripts';
import type { VerifierScript } from './scenario';

/** A mistake that the verifier, or the stream, does not make. */
export interface VerifierBug {
  breaks: VerifierRule;
  /** The script that shows it. */
  when: VerifierScript;
  /** Of a bug in the verifier. */
  make?: MakeVerifier;
}

/** Keeps a list of the dead: accepts each genuine token whose end the stream has not named. */
class ListOfTheDead extends LatchkeyVerifier {
  private readonly deadSessions = new Set<string>();
  /** Before which instant the sessions of a user have ended. */
  private readonly deadUsers = new Map<string, number>();
  private readonly known = new Map<string, VerifiedSession>();

  constructor(options: VerifierOptions) {
    super(options);
    const parts = partsOf(this);
    const receive = parts.receive.bind(this);
    parts.receive = (message, sent) => {
      if (message.type === 'session') {
        this.deadSessions.add(message.sid);
      } else if (message.type === 'subject') {
        this.deadUsers.set(message.sub, message.beforeMs);
      }
      receive(message, sent);
    };
  }

  override async verify(token: string | undefined): Promise<VerifiedSession> {
    const session = this.known.get(token ?? '') ?? (await super.verify(token));
    this.known.set(token ?? '', session);
    const { sessionId, userId, claims } = session;
    const beganBeforeMs = this.deadUsers.get(userId) ?? 0;
    if (this.deadSessions.has(sessionId) || Number(claims.iat) * 1_000 < beganBeforeMs) {
      throw new TokenRevokedError();
    }
    return session;
  }
}

/** Trusts the stream for ever, once it has been heard. */
class TrustsSilence extends LatchkeyVerifier {
  private wasHeard = false;

  override get isTrusted(): boolean {
    this.wasHeard ||= super.isTrusted;
    return this.wasHeard;
  }
}

/** The private parts of a verifier that a mistake replaces. */
interface Parts {
  receive: (message: StreamMessage, sent: Moment) => void;
}

const partsOf = (verifier: LatchkeyVerifier) => verifier as unknown as Parts;

export const VERIFIER_BUGS: Record<string, VerifierBug> = {
  'a list of the dead': {
    breaks: 'refused-within-bound',
    when: breakWires('stream', 'hang', 2 * LONG_MS),
    make: (options) => new ListOfTheDead(options),
  },
  'a silent stream that is trusted': {
    breaks: 'refused-within-bound',
    when: breakWires('stream', 'hang', 2 * LONG_MS),
    make: (options) => new TrustsSilence(options),
  },
};

/** By the names of `bugs/index.ts`. */
export const STREAM_BUGS: Record<string, VerifierBug> = {
  'forgetful-feed': { breaks: 'refused-within-bound', when: cutStreamsRepeatedly },
  'timed-heartbeats': {
    breaks: 'refused-within-bound',
    when: async (scenario) => {
      // All streams come from the instance that cannot read the outbox.
      const { port } = scenario.cluster.instance('a');
      scenario.probes.forEach(({ stream }) => stream.pointTo(port));
      await breakWires('stream', 'endConnections', LONG_MS)(scenario);
      await cutOffPostgres('cut', ['a'], 2 * LONG_MS)(scenario);
    },
  },
};
