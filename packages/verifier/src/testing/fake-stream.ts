import type { IncomingMessage, ServerResponse } from 'node:http';

const HEARTBEAT_MS = 50;

interface Subscriber {
  readonly response: ServerResponse;
  readonly beganMs: number;
}

/** `GET /api/auth/revocations`: remembers every end, and resumes after any of them. */
export class FakeStream {
  private readonly subscribers = new Set<Subscriber>();
  private readonly log: string[] = [];
  private readonly timer = setInterval(() => this.heartbeats(), HEARTBEAT_MS);
  private isSilent = false;
  /** Positions before it cannot be resumed from. */
  private firstPosition = 0;

  get connections(): number {
    return this.subscribers.size;
  }

  subscribe(request: IncomingMessage, response: ServerResponse): void {
    const subscriber = { response, beganMs: performance.now() };
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    this.subscribers.add(subscriber);
    response.on('close', () => this.subscribers.delete(subscriber));
    const position = request.headers['last-event-id'];
    if (position !== undefined) {
      this.resume(response, Number(position));
    }
    this.heartbeat(subscriber);
  }

  /** Sends an end to all subscribers, now or when they resume. */
  name(event: 'session' | 'subject', data: Record<string, unknown>): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.log.push(text);
    this.send(text);
    this.heartbeats();
  }

  silence(): void {
    this.isSilent = true;
  }

  speak(): void {
    this.isSilent = false;
    // Subscribers of before have missed what was said meanwhile.
    this.disconnect();
  }

  reset(): void {
    this.firstPosition = this.log.length;
    this.send('event: reset\ndata: {"reason":"test"}\n\n');
  }

  reconnect(): void {
    this.send('event: reconnect\ndata: {}\n\n');
    this.disconnect();
  }

  disconnect(): void {
    this.subscribers.forEach(({ response }) => response.end());
    this.subscribers.clear();
  }

  close(): void {
    clearInterval(this.timer);
    this.subscribers.forEach(({ response }) => response.destroy());
  }

  private resume(response: ServerResponse, position: number): void {
    const isKnown = position >= this.firstPosition && position <= this.log.length;
    const missed = isKnown
      ? this.log.slice(position)
      : ['event: reset\ndata: {"reason":"position unknown"}\n\n'];
    if (!this.isSilent) {
      missed.forEach((text) => response.write(text));
    }
  }

  private send(text: string): void {
    if (!this.isSilent) {
      this.subscribers.forEach(({ response }) => response.write(text));
    }
  }

  private heartbeats(): void {
    this.subscribers.forEach((subscriber) => this.heartbeat(subscriber));
  }

  private heartbeat({ response, beganMs }: Subscriber): void {
    if (!this.isSilent) {
      const asOf = Math.floor(performance.now() - beganMs);
      response.write(`id: ${this.log.length}\nevent: heartbeat\ndata: {"asOf":${asOf}}\n\n`);
    }
  }
}
