import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface StreamEvent {
  name: string;
  data: Record<string, unknown>;
  id: string | undefined;
}

/** A client of `GET /api/auth/revocations` that keeps what it receives. */
export class RevocationStream {
  readonly events: StreamEvent[] = [];
  private readonly stopping = new AbortController();
  /** Resolves when the stream has ended or broken off. */
  ended: Promise<'ended' | 'broken'> = Promise.resolve('ended');

  private constructor(readonly response: Response) {}

  /** @param credentials `id:secret` */
  static async open(
    origin: string,
    credentials: string,
    lastEventId?: string,
  ): Promise<RevocationStream> {
    const stopping = new AbortController();
    const response = await fetch(new URL('/api/auth/revocations', origin), {
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
      signal: stopping.signal,
    });
    const stream = new RevocationStream(response);
    stream.stopping.signal.addEventListener('abort', () => stopping.abort());
    if (response.status === 200) {
      stream.ended = stream.read(response).then(
        () => 'ended',
        () => 'broken',
      );
    }
    return stream;
  }

  /** All but the heartbeats. */
  get named(): { name: string; data: Record<string, unknown> }[] {
    return this.events
      .filter(({ name }) => name !== 'heartbeat')
      .map(({ name, data }) => ({ name, data }));
  }

  get heartbeats(): { id: string; asOf: number; index: number }[] {
    return this.events.flatMap(({ name, id = '', data }, index) =>
      name === 'heartbeat' ? [{ id, asOf: Number(data.asOf), index }] : [],
    );
  }

  get lastId(): string {
    return this.heartbeats.at(-1)?.id ?? '';
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async read(response: Response): Promise<void> {
    const parser = createParser({ onEvent: (message) => this.add(message) });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    }
  }

  private add({ event = 'message', data, id }: EventSourceMessage): void {
    this.events.push({ name: event, data: JSON.parse(data) as Record<string, unknown>, id });
  }
}
