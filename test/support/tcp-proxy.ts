import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A wire between the application and a store that a test can cut, hang, lose or lay elsewhere. */
export class TcpProxy {
  private readonly open = new Set<Socket>();
  /** Ends of connections on which nothing arrives any more. */
  private readonly lost = new Set<Socket>();
  private state: 'up' | 'cut' | 'hung' = 'up';

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly port: number,
    private targetPort: number,
  ) {}

  /** @param port of the wire's own; a free one unless told. */
  static async start(targetPort: number, port = 0): Promise<TcpProxy> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const { port: bound } = server.address() as AddressInfo;
    const proxy = new TcpProxy(server, bound, targetPort);
    server.on('connection', (inbound) => proxy.forward(inbound));
    return proxy;
  }

  /** Ends every connection, and new ones as soon as they are made. */
  cut(): void {
    this.state = 'cut';
    this.endConnections();
  }

  /** Ends every connection; new ones can be made at once. */
  endConnections(): void {
    [...this.open, ...this.lost].forEach((socket) => socket.destroy());
  }

  /** Keeps connections open, takes new ones, and lets nothing through any more. */
  hang(): void {
    this.state = 'hung';
    this.open.forEach((socket) => socket.pause());
  }

  /**
   * Leaves every connection half-open: what is sent on it vanishes, neither end learns of it, also
   * when the other one closes. New connections work.
   */
  lose(): void {
    for (const socket of this.open) {
      socket.removeAllListeners('data').removeAllListeners('close');
      socket.on('close', () => this.lost.delete(socket)).resume();
      this.lost.add(socket);
    }
    this.open.clear();
  }

  restore(): void {
    this.state = 'up';
    this.open.forEach((socket) => socket.resume());
  }

  /** Where new connections lead from now on; those that are open stay where they are. */
  pointTo(targetPort: number): void {
    this.targetPort = targetPort;
  }

  /** Ends every connection, and refuses new ones like the port of a process that is dead. */
  async refuse(): Promise<void> {
    if (this.server.listening) {
      const closed = once(this.server, 'close');
      this.server.close();
      this.endConnections();
      await closed;
    }
  }

  /** Takes connections again after `refuse`. */
  async accept(): Promise<void> {
    if (!this.server.listening) {
      this.server.listen(this.port, '127.0.0.1');
      await once(this.server, 'listening');
    }
  }

  stop(): void {
    this.cut();
    this.server.close();
  }

  private forward(inbound: Socket): void {
    if (this.state === 'cut') {
      inbound.destroy();
      return;
    }
    const outbound = connect(this.targetPort, '127.0.0.1');
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
