import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const same = (chunk: Buffer): Buffer => chunk;

/** A connection of a client and its other half. */
interface Connection {
  inbound: Socket;
  outbound: Socket;
}

/** The bytes that a client has sent and the store has not received. */
export interface HeldRequest {
  /** Resolves when it is held. */
  arrived: Promise<void>;
  /** Sends it on, also when the client is gone or stopped. Resolves when the store has answered. */
  release(): Promise<void>;
}

/** A wire between the application and a store that a test can cut, hang, lose or redirect. */
export class TcpProxy {
  private readonly open = new Set<Socket>();
  /** Ends of connections on which nothing arrives any more. */
  private readonly lost = new Set<Socket>();
  private state: 'up' | 'cut' | 'hung' = 'up';
  private targetPorts: readonly number[];
  private turn = 0;
  /** Changes each chunk that the store sends; the length must stay. */
  answers = (chunk: Buffer): Buffer => chunk;

  private holding: ((chunk: Buffer, connection: Connection) => boolean) | undefined;

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly port: number,
    targetPort: number,
  ) {
    this.targetPorts = [targetPort];
  }

  /** @param port of the wire; a free one when absent. */
  static async start(targetPort: number, port = 0): Promise<TcpProxy> {
    // Like the stores: without delay for small packets.
    const server = createServer({ noDelay: true });
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

  /** Keeps connections open, accepts new ones, and forwards nothing any more. */
  hang(): void {
    this.state = 'hung';
    this.open.forEach((socket) => socket.pause());
  }

  /**
   * Leaves every connection half-open: packets on it vanish, and neither end detects it, also
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

  /**
   * Holds back the next chunk that matches, and all later ones on its connection.
   * @param onHeld called at once, before the client can notice.
   */
  holdNext(which: (chunk: string) => boolean, onHeld: () => void): HeldRequest {
    let release!: () => Promise<void>;
    const arrived = new Promise<void>((resolve) => {
      this.holding = (chunk, { inbound, outbound }) => {
        if (!which(chunk.toString('latin1'))) {
          return false;
        }
        this.holding = undefined;
        inbound.pause();
        release = async () => {
          const answered = once(outbound, 'data');
          outbound.write(chunk);
          await answered;
          inbound.resume();
        };
        onHeld();
        resolve();
        return true;
      };
    });
    return { arrived, release: () => release() };
  }

  restore(): void {
    this.state = 'up';
    this.open.forEach((socket) => socket.resume());
  }

  /** Redirects new connections, to several targets in turn; open ones keep their target. */
  pointTo(...targetPorts: number[]): void {
    this.targetPorts = targetPorts;
  }

  /** Ends every connection, and refuses new ones like the port of a dead process. */
  async refuse(): Promise<void> {
    if (this.server.listening) {
      const closed = once(this.server, 'close');
      this.server.close();
      this.endConnections();
      await closed;
    }
  }

  /** Accepts connections again after `refuse`. */
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
    const port = this.targetPorts[this.turn++ % this.targetPorts.length]!;
    const outbound = connect({ port, host: '127.0.0.1', noDelay: true });
    const connection: Connection = { inbound, outbound };
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      this.open.add(from);
      from.on('error', () => undefined);
      const change = from === outbound ? (chunk: Buffer) => this.answers(chunk) : same;
      from.on('data', (chunk: Buffer) => {
        if (from === outbound || !this.holding?.(chunk, connection)) {
          to.write(change(chunk));
        }
      });
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
