import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSignedCertificate } from '../../support/certificate';

/** A request that has reached Latchkey. */
export interface Arrival {
  method: string;
  /** With its query. */
  target: string;
  /** Names of the cookies that the browser has sent. */
  cookies: string[];
  origin: string | undefined;
  site: string | undefined;
  status: number;
}

/** As Chromium must be started to find these sites. */
export const SITE_ARGUMENTS = [
  '--host-resolver-rules=MAP *.test 127.0.0.1',
  '--ignore-certificate-errors',
];

/**
 * Web sites with TLS at one port: the host `auth.shop.test` is the application, every other host of `.test` has an empty
 * page at each path, with the `Set-Cookie` that its query asks for.
 */
export class Sites {
  readonly arrivals: Arrival[] = [];
  private target = '';

  private constructor(private readonly server: Server) {
    server.on('request', (incoming, outgoing) => {
      if ((incoming.headers.host ?? '').startsWith('auth.shop.test:')) {
        this.forward(incoming, outgoing);
      } else {
        servePage(incoming, outgoing);
      }
    });
  }

  static async start(): Promise<Sites> {
    const { cert, key } = await selfSignedCertificate();
    const sites = new Sites(createServer({ cert, key }).listen(0, '127.0.0.1'));
    await once(sites.server, 'listening');
    return sites;
  }

  /** @param origin of the application. */
  lead(origin: string): void {
    this.target = origin;
  }

  origin(host: string): string {
    return `https://${host}:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** As a proxy that terminates TLS. */
  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = '', url = '', headers } = incoming;
    const upstream = request(
      new URL(url, this.target),
      { method, headers: { ...headers, 'x-forwarded-proto': 'https' } },
      (answer) => {
        const status = answer.statusCode ?? 0;
        const names = headers.cookie?.split('; ').map((pair) => pair.split('=')[0] ?? '');
        this.arrivals.push({
          method,
          target: url,
          cookies: names ?? [],
          origin: headers.origin,
          site: headers['sec-fetch-site'],
          status,
        });
        outgoing.writeHead(status, answer.headers);
        answer.pipe(outgoing);
      },
    );
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  }
}

function servePage({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const planted = new URL(url, 'https://x').searchParams.getAll('set-cookie');
  response.setHeader('content-type', 'text/html');
  response.setHeader('set-cookie', planted);
  response.end('<!doctype html><title>page</title>');
}
