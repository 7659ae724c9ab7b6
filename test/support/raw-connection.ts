import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until';

/** A client that misuses its connection. */
export class RawConnection {
  /** Everything that it has received. */
  received = '';
  isClosed = false;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.received += text;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Requests a path without a `Connection` header: HTTP/1.1 keeps the connection. */
  get(path: string): void {
    this.send(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Resolves when the system has taken all of it. @throws Error of the system when the connection breaks before. */
  async sendAll(...parts: (string | Uint8Array)[]): Promise<void> {
    for (const part of parts) {
      await new Promise<void>((resolve, reject) => {
        this.socket.write(part, (error) => (error ? reject(error) : resolve()));
      });
    }
  }

  stopReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  async untilReceived(pattern: RegExp): Promise<void> {
    await until(
      `the client receives ${pattern}`,
      () => this.received,
      (received) => pattern.test(received),
    );
  }

  async untilClosed(): Promise<void> {
    await until('the connection is closed', () => this.isClosed);
  }

  close(): void {
    this.socket.destroy();
  }
}
