import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../tools/local/ports.mjs';
import { Server } from '../../tools/local/server.mjs';
import type { CertificateAuthority, IssuedCertificate } from './certificate-authority';
import { sharedStores } from './shared-stores';
import { newFolder } from './stores';
import { until } from './until';

/** For a server, and for its clients in the test. */
export interface TlsIdentity {
  authority: CertificateAuthority;
  own: IssuedCertificate;
}

/** Of a connection of the test's own. */
export function tlsClientOptions({ authority, own }: TlsIdentity) {
  return {
    ca: readFileSync(authority.file),
    cert: readFileSync(own.certFile),
    key: readFileSync(own.keyFile),
  };
}

/** Arguments for a server that asks each client for a certificate of the authority. */
export function tlsFlags({ authority, own }: TlsIdentity): string[] {
  return [
    ...['--port', '0', '--tls-auth-clients', 'yes', '--tls-ca-cert-file', authority.file],
    ...['--tls-cert-file', own.certFile, '--tls-key-file', own.keyFile],
  ];
}

/** Starts a server with TLS alone, and waits until it accepts connections. */
export async function launchTlsRedis(
  tls: TlsIdentity,
  port: number,
  dir: string,
  flags: string[],
): Promise<Server> {
  const address = ['--tls-port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  const args = [...tlsFlags(tls), ...address, ...flags];
  const server = await Server.spawn(sharedStores().redis.path, args, {
    name: 'Redis',
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: 1000,
    logFile: join(dir, 'redis.log'),
  });
  await until(
    'Redis accepts connections',
    () => server.log,
    (log) => log.includes('Ready to accept connections'),
  );
  return server;
}

/** A Redis that only clients with a certificate of the authority reach. */
export class TlsRedis {
  private constructor(
    readonly port: number,
    private readonly server: Server,
    /** A connection of the test's own. */
    readonly client: Redis,
  ) {}

  /** @param flags further arguments of redis-server. */
  static async start(authority: CertificateAuthority, flags: string[] = []): Promise<TlsRedis> {
    const [port, dir] = [await freePort(), newFolder('tls-')];
    const tls = { authority, own: await authority.issue('server') };
    const server = await launchTlsRedis(tls, port, dir, flags);
    const client = new Redis(port, '127.0.0.1', { tls: tlsClientOptions(tls) });
    client.on('error', () => undefined);
    return new TlsRedis(port, server, client);
  }

  /** Gives a user these rights and no others. */
  async permit(user: string, password: string, rules: string[]): Promise<void> {
    await this.client.call('ACL', 'SETUSER', user, 'reset', 'on', `>${password}`, ...rules);
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.server.stop();
  }
}
