import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The way to the cluster bus of one Redis node. Cuts connections by the address that they come from. */
export class BusProxy {
  private readonly links = new Set<[near: Socket, far: Socket]>();
  private isRefused: (from: string) => boolean = () => false;

  private constructor(private readonly server: Server) {}

  static async start(port: number, targetPort: number): Promise<BusProxy> {
    const server = createServer();
    const proxy = new BusProxy(server);
    server.on('connection', (near) => proxy.connect(near, targetPort));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** @param isRefused by the source address, for open and for new connections. */
  refuse(isRefused: (from: string) => boolean): void {
    this.isRefused = isRefused;
    this.links.forEach(([near, far]) => {
      if (isRefused(near.remoteAddress ?? '')) {
        near.destroy();
        far.destroy();
      }
    });
  }

  stop(): void {
    this.server.close();
    this.links.forEach((link) => link.forEach((socket) => socket.destroy()));
  }

  private connect(near: Socket, targetPort: number): void {
    if (this.isRefused(near.remoteAddress ?? '')) {
      near.destroy();
      return;
    }
    const far = connect(targetPort, '127.0.0.1');
    const link: [Socket, Socket] = [near, far];
    this.links.add(link);
    for (const [from, to] of [link, [far, near] as const]) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        this.links.delete(link);
      });
    }
  }
}
