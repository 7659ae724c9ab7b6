import type { ConnectionOptions } from 'node:tls';
import { InternalError, type PostgresAddress, type PostgresHost } from '#libs/common';
import { codeOf, isConnectionLimit, SQLSTATE } from './database-errors';
import { TlsFiles } from './tls-files';

/** One way to connect: a host, with TLS or without. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
}

const NO_TLS = 'The server does not support SSL connections';

/**
 * The hosts of the Postgres URL, in order, each with the variants of its `sslmode`. New connections use the endpoint of
 * the last success, and the next one after a failure.
 */
export class Endpoints {
  readonly hostCount: number;
  private readonly all: readonly Endpoint[];
  private readonly tls: TlsFiles;
  private index = 0;

  /** @throws PostgresUrlError */
  constructor(address: PostgresAddress) {
    this.tls = new TlsFiles(address.tls);
    this.hostCount = address.hosts.length;
    this.all = address.hosts.flatMap((host) => variantsOf(host, address));
  }

  get current(): Endpoint {
    const [first] = this.all;
    const current = this.all[this.index] ?? first;
    if (!current) {
      throw new InternalError('an address of Postgres has a host');
    }
    return current;
  }

  /** The options of TLS for a new connection; false without TLS. */
  sslOf({ isEncrypted }: Endpoint): ConnectionOptions | false {
    return isEncrypted && this.tls.current();
  }

  /** Number of endpoints. */
  get count(): number {
    return this.all.length;
  }

  /**
   * Moves to the next endpoint after a failure, unless another connection has done so. Stays at a host that has no free
   * connection.
   */
  leave(endpoint: Endpoint, error: unknown): void {
    if (endpoint !== this.current || isConnectionLimit(error)) {
      return;
    }
    const rest = this.all.slice(this.index + 1);
    const nextVariant = isAboutEncryption(error) ? rest.find(isSameHost(endpoint)) : undefined;
    const next = nextVariant ?? rest.find((other) => !isSameHost(endpoint)(other));
    this.index = next ? this.all.indexOf(next) : 0;
  }
}

function isSameHost({ host, port }: Endpoint): (other: Endpoint) => boolean {
  return (other) => other.host === host && other.port === port;
}

function variantsOf({ host, port }: PostgresHost, { tls }: PostgresAddress): Endpoint[] {
  const plain = { host, port, isEncrypted: false };
  const encrypted = { host, port, isEncrypted: true };
  if (tls.mode === 'disable' || host.startsWith('/')) {
    return [plain];
  }
  switch (tls.mode) {
    case 'allow':
      return [plain, encrypted];
    case 'prefer':
      return [encrypted, plain];
    default:
      return [encrypted];
  }
}

/** The server has no TLS, or pg_hba.conf has no entry for this host, user, database and encryption. */
function isAboutEncryption(error: unknown): boolean {
  const { message } = error as { message?: unknown };
  return message === NO_TLS || codeOf(error) === SQLSTATE.invalidAuthorization;
}
