import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { CertificateAuthority, IssuedCertificate } from './certificate-authority';

/** As Node documents it for sockets of a server. */
type NamedSocket = TLSSocket & { servername: string | false | null };

/** TLS in front of a server without: asks each client for a certificate, and notes its name. */
export class TlsFront {
  /** The common name of each client, in the order of their connections. */
  readonly clients: string[] = [];
  /** The host name that each client has sent; `false` for none. */
  readonly serverNames: string[] = [];
  private readonly sockets = new Set<TLSSocket>();

  private constructor(
    private readonly server: Server,
    targetPort: number,
  ) {
    server.on('tlsClientError', () => undefined);
    server.on('secureConnection', (socket) => {
      this.clients.push(String(socket.getPeerCertificate().subject.CN));
      this.serverNames.push(String((socket as NamedSocket).servername));
      this.sockets.add(socket);
      const target = connect(targetPort, '127.0.0.1');
      socket.pipe(target).pipe(socket);
      for (const end of [socket, target]) {
        end.on('error', () => undefined);
        end.on('close', () => {
          socket.destroy();
          target.destroy();
          this.sockets.delete(socket);
        });
      }
    });
  }

  static async start(
    targetPort: number,
    authority: CertificateAuthority,
    own: IssuedCertificate,
  ): Promise<TlsFront> {
    const server = createServer({ ...contextOf(authority, own), requestCert: true });
    const front = new TlsFront(server, targetPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return front;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on another authority for both sides, and another certificate. */
  replaceCertificates(authority: CertificateAuthority, own: IssuedCertificate): void {
    this.server.setSecureContext(contextOf(authority, own));
  }

  endConnections(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }

  stop(): void {
    this.endConnections();
    this.server.close();
  }
}

function contextOf(authority: CertificateAuthority, { certFile, keyFile }: IssuedCertificate) {
  return {
    ca: readFileSync(authority.file),
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
  };
}
