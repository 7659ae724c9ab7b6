import {
  Redis,
  SentinelConnector,
  type SentinelAddress,
  type SentinelConnectionOptions,
} from 'ioredis';
import {
  awayReason,
  RedisAwayError,
  reasonOfError,
  type AwayCode,
  type AwayReason,
} from './away-reason';
import { silence, warnOnce } from './silence';
import { serverNameOf, withServerName } from './tls-options';

type Emit = Parameters<SentinelConnector['connect']>[0];

/** As `tls.connect` takes it. */
interface ServerAddress {
  host: string;
  port: number;
  servername?: string;
}

/** The part of the connector of the driver that is replaced. */
interface Resolver {
  resolve: (sentinel: SentinelAddress) => Promise<ServerAddress | null>;
}

/** Of several reasons, the one to be removed first. A Sentinel that answers knows more than one that does not. */
const URGENCY: readonly AwayCode[] = [
  'sentinel_refused',
  'missing_permission',
  'certificate_refused',
  'client_certificate_refused',
  'master_unknown',
  'no_sentinel',
];

/**
 * Finds the master by the Sentinels at each connection, as the connector of the driver does, which asks one after the
 * other and begins again without limit. In addition it knows why no Sentinel names a master: the driver connects to
 * them silently, and says of all of them that they are unreachable.
 *
 * The detector of failovers of the driver is off. Sentinels end the connections to a master that they demote, and a
 * replica refuses the writes of each poll. If a switch is announced while the driver looks for the master already, its
 * detector ends the client for good.
 */
export class MasterConnector extends SentinelConnector {
  /** Of the Sentinels that were asked in this round. */
  private reasons: AwayReason[] = [];
  private readonly warnOfPassword = warnOnce(
    'REDIS_SENTINEL_PASSWORD is set, but the Sentinels ask for none',
  );

  constructor(driver: unknown) {
    super(driver as SentinelConnectionOptions);
    // A reach (decision 0038): the driver keeps no cause of a failure, and prints on the console.
    const connector = this as unknown as Resolver;
    connector.resolve = (sentinel) => this.ask(sentinel);
  }

  override connect(emit: Emit): ReturnType<SentinelConnector['connect']> {
    this.beginRound();
    return super.connect((type) => {
      // The other events are about one Sentinel.
      if (type === 'error') {
        this.roundEnded(emit);
      }
    });
  }

  /**
   * Each connection asks all Sentinels, beginning after the one that named the last master: that may be the old one.
   * The driver would go on where it stopped, and call the rest of the Sentinels all of them.
   */
  private beginRound(): void {
    this.reasons = [];
    const { done } = this.sentinelIterator.next();
    // True: the one that `next` has returned becomes the first.
    this.sentinelIterator.reset(!done);
  }

  private roundEnded(emit: Emit): void {
    const reasons = this.reasons.splice(0);
    const [first] = URGENCY.flatMap((code) => reasons.filter((reason) => reason.code === code));
    if (first) {
      emit('error', new RedisAwayError(first));
    }
  }

  /** @returns the address of the master; null if the Sentinel does not know it. */
  private async ask({ host, port, family }: SentinelAddress): Promise<ServerAddress | null> {
    const { options } = this;
    const sentinel = new Redis({
      host,
      port,
      family: family ?? (options as { family?: number }).family ?? 0,
      username: options.sentinelUsername ?? '',
      password: options.sentinelPassword ?? '',
      ...(options.sentinelTLS && { tls: withServerName(options.sentinelTLS, host) }),
      connectTimeout: options.connectTimeout ?? 0,
      commandTimeout: options.sentinelCommandTimeout ?? 0,
      lazyConnect: true,
      retryStrategy: () => null,
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    silence(sentinel, this.warnOfPassword);
    // The first cause: what follows from it says only that the connection is closed.
    let cause: Error | undefined;
    sentinel.on('error', (error: Error) => (cause ??= error));
    try {
      await sentinel.connect();
      const answer = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', options.name ?? '');
      if (!Array.isArray(answer)) {
        this.reasons.push(awayReason('master_unknown'));
        return null;
      }
      const master = String(answer[0]);
      return { host: master, port: Number(answer[1]), ...serverNameOf(master) };
    } catch (error) {
      this.reasons.push(reasonOfSentinel(cause ?? (error as Error)));
      throw error;
    } finally {
      sentinel.disconnect();
    }
  }
}

/** With the code of the system, such as ECONNREFUSED or ENOTFOUND. */
function messageWith({ code }: Error & { code?: unknown }): { message?: string } {
  const { message } = awayReason('no_sentinel');
  return typeof code === 'string'
    ? { message: message.replace('answers', `answers (${code})`) }
    : {};
}

function reasonOfSentinel(error: Error): AwayReason {
  const reason = reasonOfError(error);
  const detail = reason.detail === undefined ? {} : { detail: reason.detail };
  switch (reason.code) {
    case 'credentials_refused':
      return awayReason('sentinel_refused', detail);
    case 'missing_permission':
      return awayReason('missing_permission', {
        message:
          'The user of REDIS_SENTINEL_USER lacks a permission. ' +
          'Grant it +sentinel|get-master-addr-by-name.',
        ...detail,
      });
    case 'missing_command':
      return awayReason('no_sentinel', {
        message: 'REDIS_SENTINELS names a server that is no Redis Sentinel.',
        ...detail,
      });
    case 'certificate_refused':
    case 'client_certificate_refused':
      return reason;
    default:
      return awayReason('no_sentinel', { ...messageWith(error), ...detail });
  }
}
