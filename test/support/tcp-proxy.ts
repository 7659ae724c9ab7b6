import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A wire between the application and a store that a test can cut or hang. */
export class TcpProxy {
  private readonly open = new Set<Socket>();
  private state: 'up' | 'cut' | 'hung' = 'up';

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly port: number,
  ) {}

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (inbound) => proxy.forward(inbound, targetPort));
    return proxy;
  }

  /** Ends every connection and refuses new ones. */
  cut(): void {
    this.state = 'cut';
    this.open.forEach((socket) => socket.destroy());
  }

  /** Keeps connections open, takes new ones, and lets nothing through any more. */
  hang(): void {
    this.state = 'hung';
    this.open.forEach((socket) => socket.pause());
  }

  restore(): void {
    this.state = 'up';
    this.open.forEach((socket) => socket.resume());
  }

  stop(): void {
    this.cut();
    this.server.close();
  }

  private forward(inbound: Socket, targetPort: number): void {
    if (this.state === 'cut') {
      inbound.destroy();
      return;
    }
    const outbound = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      this.open.add(from);
      from.on('error', () => undefined);
      from.on('data', (chunk) => to.write(chunk));
      from.on('close', () => {
        this.open.delete(from);
        to.destroy();
      });
      if (this.state === 'hung') {
        from.pause();
      }
    }
  }
}
