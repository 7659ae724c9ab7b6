import { Client, type ClientConfig, type QueryResult, type Submittable } from 'pg';
import { InternalError } from '#libs/common';
import type { Endpoint, Endpoints } from './endpoints';
import { isConnectionLimit } from './connection-failure';
import { explainRefusedBegin, READ_ONLY, SingleStatement } from './single-statement';
import { explainTls } from './tls-failure';
import { applySettings, BEGIN, type TransactionSettings } from './transaction-settings';

/** What a connection needs beside what the driver knows. */
export interface PostgresClientConfig extends ClientConfig {
  endpoints: Endpoints;
  /** Whether a server that only takes reads is refused. */
  primaryOnly: boolean;
  /** Milliseconds for connecting to one host. */
  hostTimeoutMs: number;
  settings: TransactionSettings;
  /** For the pool: the class of its connections. */
  Client: new (config: PostgresClientConfig) => Client;
}

/** The driver's methods that are not in its types. */
interface Internals {
  connection: {
    query(text: string): void;
    on(event: string, listener: (message: Record<string, string>) => void): void;
  };
  getStartupConf(): Record<string, string>;
  _handleReadyForQuery(message: { status: string }): void;
  _handleCommandComplete(message: unknown): void;
}

type Callback = (error: Error | null | undefined, result?: unknown) => void;

/** What begins, ends or divides a transaction is sent as it is. */
const TRANSACTION_CONTROL = /^\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)\b/i;

/**
 * A connection that leaves nothing to the defaults of the role: every transaction names its isolation and
 * its limits, also that of a single statement, and no setting outlives it. So it may lead to a pooler that
 * gives each transaction another server connection. It is closed when a statement gets no answer in time, as
 * the driver would make the next statement wait behind that one, and when the server takes no writes.
 */
export class PostgresClient extends Client {
  private readonly endpoint: Endpoint;
  private readonly endpoints: Endpoints;
  private readonly primaryOnly: boolean;
  private readonly settings: TransactionSettings;
  private serverVersion = 0;
  /** The single statement that the server is at. */
  private single = false;
  private rollingBack = false;

  constructor(config: PostgresClientConfig) {
    const { endpoints, primaryOnly, settings, password, hostTimeoutMs } = config;
    const endpoint = endpoints.current;
    // The pool hides the password from what copies its options.
    super({ ...config, ...endpoint, password, connectionTimeoutMillis: hostTimeoutMs });
    this.endpoint = endpoint;
    this.endpoints = endpoints;
    this.primaryOnly = primaryOnly;
    this.settings = settings;
    // A connection may end before its owner listens; the next statement on it says so.
    this.on('error', () => undefined);
    this.internals.connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
      if (parameterName === 'server_version') {
        this.serverVersion = parseInt(parameterValue ?? '', 10);
      }
    });
  }

  /** Begins a transaction, with settings of its own or those of the connection. One round trip. */
  async begin(settings: TransactionSettings = this.settings): Promise<void> {
    try {
      await this.queryPlainly([`${BEGIN}; ${applySettings(settings, this.serverVersion)}`]);
    } catch (error) {
      const explained = explainRefusedBegin(error as Error);
      this.closeIfUseless(explained);
      throw explained;
    }
  }

  override connect(): Promise<this>;
  override connect(callback: (error?: Error) => void): void;
  override connect(callback?: (error?: Error) => void): Promise<this> | void {
    const connected = this.establish();
    if (!callback) {
      return connected;
    }
    connected.then(() => callback(), callback);
  }

  override query = ((...args: unknown[]) => {
    const [first] = args;
    if (first === 'START TRANSACTION') {
      return this.begin();
    }
    return this.getTransactionStatus() === 'I' &&
      typeof first === 'string' &&
      !TRANSACTION_CONTROL.test(first)
      ? this.querySingle(first, args.slice(1))
      : this.queryPlainly(args);
  }) as Client['query'];

  /** Parameters that poolers know as well. Dates are read in this form only. */
  getStartupConf(): Record<string, string> {
    const prototype = Client.prototype as unknown as Internals;
    return { ...prototype.getStartupConf.call(this), datestyle: 'ISO, MDY', timezone: 'UTC' };
  }

  /** A single statement that failed has left its transaction open: that is ended first. */
  _handleReadyForQuery(message: { status: string }): void {
    const failed = this.single && message.status !== 'I';
    this.single = false;
    this.rollingBack = failed;
    if (failed) {
      this.internals.connection.query('ROLLBACK');
    } else {
      (Client.prototype as unknown as Internals)._handleReadyForQuery.call(this, message);
    }
  }

  _handleCommandComplete(message: unknown): void {
    if (!this.rollingBack) {
      (Client.prototype as unknown as Internals)._handleCommandComplete.call(this, message);
    }
  }

  private get internals(): Internals {
    return this;
  }

  private async establish(): Promise<this> {
    try {
      await super.connect();
      if (this.primaryOnly) {
        await this.refuseStandby();
      }
      return this;
    } catch (error) {
      this.close();
      this.endpoints.leave(this.endpoint, error);
      throw explainTls(error);
    }
  }

  private async refuseStandby(): Promise<void> {
    const { rows } = await super.query<{ standby: boolean }>(
      'SELECT pg_is_in_recovery() AS standby',
    );
    if (rows[0]?.standby) {
      throw Object.assign(new InternalError('the server is a standby'), { code: READ_ONLY });
    }
  }

  private querySingle(text: string, [second, third]: unknown[]): Promise<unknown> | undefined {
    const values = Array.isArray(second) ? (second as unknown[]) : undefined;
    const callback = (typeof second === 'function' ? second : third) as Callback | undefined;
    const ahead = [BEGIN, applySettings(this.settings, this.serverVersion)] as const;
    const statement = new SingleStatement({ text, values }, ahead, () => {
      this.single = true;
    });
    const run = (done: Callback) => {
      statement.callback = (error, result) => {
        this.closeIfUseless(error);
        done(error, result);
      };
      super.query(statement as unknown as Submittable);
    };
    if (callback) {
      run(callback);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      run((error, result) => (error ? reject(error) : resolve(result)));
    });
  }

  private queryPlainly(args: unknown[]): unknown {
    const result = (super.query as (...all: unknown[]) => unknown)(...args);
    if (result instanceof Promise) {
      (result as Promise<QueryResult>).catch((error: unknown) => this.closeIfUseless(error));
    }
    return result;
  }

  private closeIfUseless(error: unknown): void {
    const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
    if (code === READ_ONLY || message === 'Query read timeout') {
      this.close();
    }
  }

  /** At once, and so that a pool does not hand it on. */
  private close(): void {
    void this.end().catch(() => undefined);
    this.connection.stream.destroy();
  }
}

/** Makes a connection, or leaves none behind. */
export async function connect(config: PostgresClientConfig): Promise<PostgresClient> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await new PostgresClient(config).connect();
    } catch (error) {
      if (attempt >= config.endpoints.count || isConnectionLimit(error)) {
        throw error;
      }
    }
  }
}
