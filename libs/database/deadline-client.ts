import { Client, type ClientConfig, type QueryResult } from 'pg';

/**
 * A connection that is given up with the statement that got no answer in time: the driver would hand
 * it on, and the next statement on it would wait behind the unanswered one.
 */
export class DeadlineClient extends Client {
  constructor(config?: ClientConfig) {
    super(config);
    // A connection may end before whoever asked for it listens; the next statement on it says so.
    this.on('error', () => undefined);
  }

  override query = ((...args: unknown[]) => {
    const result = (super.query as (...all: unknown[]) => unknown)(...args);
    if (result instanceof Promise) {
      (result as Promise<QueryResult>).catch((error: unknown) => {
        if (error instanceof Error && error.message === 'Query read timeout') {
          this.connection.stream.destroy();
        }
      });
    }
    return result;
  }) as Client['query'];
}

/** Makes a connection, or leaves none behind. */
export async function connect(config: ClientConfig): Promise<DeadlineClient> {
  const client = new DeadlineClient(config);
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}
