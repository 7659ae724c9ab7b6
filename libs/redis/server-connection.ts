import type { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { InternalError, OutageLog } from '#libs/common';
import {
  awayReason,
  mayHaveMoved,
  RedisAwayError,
  reasonOfError,
  type AwayReason,
} from './away-reason';
import type { ServerProbe } from './server-probe';

/** Milliseconds until a server that could not be used is tried again. */
const RETRY_MS = 250;
/** Milliseconds for which a refusal that the probe does not explain counts as one outage. */
const UNEXPLAINED_MS = 60_000;
const CONNECTION_LOST = 'the connection was lost';
const NO_ANSWER = 'no answer in time, connecting anew';

type Listener = () => void;

/**
 * Whether Redis can be used: connected, and found able and permitted to run all commands since. A refusal ends that
 * immediately. While Redis cannot be used, it is tried four times per second.
 */
export class ServerConnection {
  /** For the circuit breaker: an open circuit adds nothing to the cause. */
  readonly circuitLog: Pick<OutageLog, 'failed' | 'ended'> = {
    failed: (reason, text) => {
      if (this.current === null) {
        this.outage.failed(reason, text);
      }
    },
    ended: () => {
      if (this.current === null) {
        this.tellEnd();
      }
    },
  };
  private readonly outage: OutageLog;
  private readonly usableListeners: Listener[] = [];
  private readonly lostListeners: Listener[] = [];
  private current: Error | null = new InternalError('not connected yet');
  private reason: AwayReason = awayReason('unreachable');
  /** Counts the connections: results of an earlier connection are ignored. */
  private connection = 0;
  /** The connection whose end has a known cause; errors that follow from the end add nothing. */
  private explained = -1;
  private checking = false;
  /** The error of a command, until a probe has explained it. */
  private refusal: AwayReason | null = null;
  private unexplainedMs = -Infinity;
  private retry: NodeJS.Timeout | undefined;
  /** Whether the driver connects, until the connection ends. */
  private isAttempting = true;
  private stopping = false;

  constructor(
    private readonly redis: Redis,
    private readonly logger: Logger,
    private readonly probe: ServerProbe,
    name = 'Redis',
  ) {
    this.outage = new OutageLog(name, logger);
    redis.on('ready', () => void this.check());
    redis.on('close', () => this.closed());
    redis.on('error', (error: Error) => this.failed(error));
    redis.on('connecting', () => (this.isAttempting = true));
    redis.on('end', () => this.ended());
    if (redis.status === 'ready') {
      void this.check();
    } else if (redis.status === 'end') {
      this.ended();
    }
  }

  /** Why no command may be sent; null while Redis can be used. */
  get away(): Error | null {
    return this.current;
  }

  /** The cause for operators; null while Redis can be used. */
  get awayReason(): AwayReason | null {
    return this.current && this.reason;
  }

  /** @param listener called each time Redis becomes usable, and immediately if it is. */
  onUsable(listener: Listener): void {
    this.usableListeners.push(listener);
    if (this.current === null) {
      listener();
    }
  }

  /** @param listener called when Redis becomes unusable, and for each further failure. */
  onLost(listener: Listener): void {
    this.lostListeners.push(listener);
  }

  /** Called when the probe has more to try. */
  probeAgain(): void {
    if (this.redis.status === 'ready' && !this.checking) {
      void this.check();
    }
  }

  /** Called for a reply by which the server refuses a required command. */
  refused(reason: AwayReason): void {
    if (this.current === null) {
      this.refusal = reason;
      this.current = new RedisAwayError(reason);
      this.reason = reason;
      this.tellLost();
      // The probe finds out which command is refused, and logs that.
      void this.check();
    }
  }

  /** From now on the end of a connection is no outage. */
  stop(): void {
    this.stopping = true;
    clearTimeout(this.retry);
  }

  /** Called when the server has left commands unanswered for too long: the connection may be half-open. */
  silent(): void {
    // An attempt to connect has a deadline of its own.
    if (this.stopping || this.redis.status !== 'ready') {
      return;
    }
    if (this.current === null) {
      const reason = awayReason('unreachable', { detail: NO_ANSWER });
      this.lose(reason, errorOf(reason));
    }
    this.explained = this.connection;
    this.redis.disconnect(true);
  }

  private async check(): Promise<void> {
    const { connection } = this;
    this.checking = true;
    let reason: AwayReason | null;
    let tried: number;
    do {
      tried = this.probe.size;
      reason = await this.probe.run();
    } while (reason === null && tried !== this.probe.size && connection === this.connection);
    if (connection !== this.connection || this.stopping) {
      return;
    }
    this.checking = false;
    if (reason === null) {
      this.become();
    } else {
      this.refusal = null;
      if (reason.code !== 'unreachable' || this.explained !== connection) {
        this.lose(reason, errorOf(reason));
      }
      this.tryAgain();
    }
  }

  private become(): void {
    if (this.current !== null) {
      this.current = null;
      this.tellEnd();
      this.logger.log('connected');
      this.usableListeners.forEach((listener) => listener());
    }
  }

  /** Handles a server that passes the probe but refuses commands: it may do so repeatedly. */
  private tellEnd(): void {
    const nowMs = performance.now();
    if (this.refusal) {
      const { code, message, detail } = this.refusal;
      this.unexplainedMs = nowMs;
      this.outage.failed(code, detail ?? message);
      this.refusal = null;
    } else if (nowMs - this.unexplainedMs > UNEXPLAINED_MS) {
      this.outage.ended();
    }
  }

  private lose(reason: AwayReason, error: Error): void {
    const isNews = this.current === null || this.reason.code !== reason.code;
    this.current = error;
    this.reason = reason;
    if (!this.stopping) {
      const { code, message, detail } = reason;
      this.outage.failed(code, code === 'unreachable' && detail ? detail : trimmed(message));
    }
    if (isNews) {
      this.tellLost();
    }
  }

  private tryAgain(): void {
    clearTimeout(this.retry);
    const { connection } = this;
    this.retry = setTimeout(() => {
      if (connection !== this.connection || this.stopping) {
        return;
      }
      // A connection on which even the probe gets no answer may be half-open.
      if (mayHaveMoved(this.reason) || this.reason.code === 'unreachable') {
        this.redis.disconnect(true);
      } else {
        void this.check();
      }
    }, RETRY_MS).unref();
  }

  private failed(error: Error): void {
    const reason = error instanceof RedisAwayError ? error.reason : reasonOfError(error);
    this.explained = this.connection;
    this.lose(reason, reason.code === 'unreachable' ? error : new RedisAwayError(reason));
  }

  private closed(): void {
    const isExplained = this.explained === this.connection;
    this.connection += 1;
    this.isAttempting = false;
    this.checking = false;
    clearTimeout(this.retry);
    if (this.current === null || (this.reason.code === 'unreachable' && !isExplained)) {
      const reason = awayReason('unreachable', { detail: CONNECTION_LOST });
      this.lose(reason, errorOf(reason));
    } else {
      this.tellLost();
    }
  }

  /** The driver gives up for good when its connector fails; it then reports the end of no connection. */
  private ended(): void {
    if (this.isAttempting && !this.stopping) {
      clearTimeout(this.retry);
      this.retry = setTimeout(() => {
        if (this.redis.status === 'end' && !this.stopping) {
          this.redis.connect().catch(() => undefined);
        }
      }, RETRY_MS).unref();
    }
  }

  private tellLost(): void {
    this.lostListeners.forEach((listener) => listener());
  }
}

function errorOf(reason: AwayReason): InternalError {
  return reason.code === 'unreachable'
    ? new InternalError(reason.detail ?? reason.message)
    : new RedisAwayError(reason);
}

function trimmed(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
