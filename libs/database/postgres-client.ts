import { Socket } from 'node:net';
import { Client, type ClientConfig, type QueryResult } from 'pg';
import { InternalError } from '#libs/common';
import type { ConnectionPool } from './connection-pool';
import type { Endpoint, Endpoints } from './endpoints';
import { codeOf, isConnectionLimit, SQLSTATE } from './database-errors';
import { explainTls } from './tls-failure';
import { beginTransaction, type TransactionSettings } from './transaction-settings';

/** The configuration of a connection, in addition to that of the driver. */
export interface PostgresClientConfig extends ClientConfig {
  endpoints: Endpoints;
  /** Whether a read-only server is refused. */
  primaryOnly: boolean;
  /** Milliseconds for connecting to one host, with the check whether it is read-only. */
  hostTimeoutMs: number;
  settings: TransactionSettings;
  /** For the pool: the class of its connections. */
  Client: new (config: PostgresClientConfig) => Client;
  /** Receives the pool that the data source creates. */
  made: { pool?: ConnectionPool };
}

type Callback = (error: Error | null, result?: unknown) => void;

/** Statements that begin, end or divide a transaction are sent unchanged. */
const TRANSACTION_CONTROL = /^\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)\b/i;

/**
 * A connection that does not depend on defaults of the role: every transaction, even of a single statement, sets its
 * isolation level and its timeouts, and no setting outlives it. So it works behind a pooler that gives each transaction
 * another server connection. It closes itself when a statement times out, and when the server is read-only.
 */
export class PostgresClient extends Client {
  private readonly socket: Socket;
  private readonly endpoint: Endpoint;
  private readonly endpoints: Endpoints;
  private readonly primaryOnly: boolean;
  private readonly hostTimeoutMs: number;
  private readonly settings: TransactionSettings;

  constructor(config: PostgresClientConfig) {
    const { endpoints, primaryOnly, settings, password, hostTimeoutMs } = config;
    const endpoint = endpoints.current;
    const socket = new Socket();
    // The pool makes the password non-enumerable.
    super({
      ...config,
      host: endpoint.host,
      port: endpoint.port,
      ssl: endpoints.sslOf(endpoint),
      password,
      connectionTimeoutMillis: hostTimeoutMs,
      stream: () => socket,
      // The statements of a single-statement transaction are sent together: see inTransaction.
      pipeline: true,
    });
    this.socket = socket;
    this.endpoint = endpoint;
    this.endpoints = endpoints;
    this.primaryOnly = primaryOnly;
    this.hostTimeoutMs = hostTimeoutMs;
    this.settings = settings;
    // A connection may end before its owner listens; its next statement then fails.
    this.on('error', () => undefined);
  }

  /** Begins a transaction with the given settings, or those of the connection. One round trip. */
  async begin(settings: TransactionSettings = this.settings): Promise<void> {
    try {
      await super.query(beginTransaction(settings));
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
      : this.send(...args);
  }) as Client['query'];

  /** Closes the connection immediately, even if the server does not answer. The pool does not reuse it. */
  close(): void {
    this.end().catch(() => undefined);
    this.socket.destroy();
  }

  private async establish(): Promise<this> {
    const endMs = performance.now() + this.hostTimeoutMs;
    try {
      await super.connect();
      if (this.primaryOnly) {
        await this.refuseStandby(endMs - performance.now());
      }
      return this;
    } catch (error) {
      this.close();
      this.endpoints.leave(this.endpoint, error);
      throw explainTls(error);
    }
  }

  private async refuseStandby(timeoutMs: number): Promise<void> {
    const text = 'SELECT pg_is_in_recovery() AS standby';
    const check = { text, query_timeout: Math.max(1, timeoutMs) };
    const { rows } = await super.query<{ standby: boolean }>(check);
    if (rows[0]?.standby) {
      throw Object.assign(new InternalError('the server is a standby'), {
        code: SQLSTATE.readOnlyTransaction,
      });
    }
  }

  private querySingle(text: string, [second, third]: unknown[]): Promise<unknown> | undefined {
    const values = Array.isArray(second) ? (second as unknown[]) : undefined;
    const callback = (typeof second === 'function' ? second : third) as Callback | undefined;
    const result = this.inTransaction(text, values);
    if (!callback) {
      return result;
    }
    result.then(
      (found) => callback(null, found),
      (error: unknown) => callback(error as Error),
    );
    return undefined;
  }

  /**
   * Runs a statement in its own transaction. One round trip: BEGIN, statement and COMMIT are sent without waiting. If
   * the statement fails, COMMIT ends the transaction as ROLLBACK would. A failed COMMIT is a failure of the statement.
   */
  private async inTransaction(text: string, values?: unknown[]): Promise<unknown> {
    // The extended protocol accepts exactly one statement, even without values.
    const statement = { text, values, queryMode: 'extended' };
    const sent = [this.begin(), this.send(statement), this.send('COMMIT')] as const;
    // All answers must have arrived, or the next statement would be taken for a part of this transaction.
    await Promise.allSettled(sent);
    const [, result] = await Promise.all(sent);
    return result;
  }

  /** @returns undefined with a callback. */
  private send(...args: unknown[]): Promise<QueryResult> {
    const result = (super.query as (...all: unknown[]) => unknown)(...args);
    if (result instanceof Promise) {
      result.catch((error: unknown) => this.closeIfUseless(error));
    }
    return result as Promise<QueryResult>;
  }

  private closeIfUseless(error: unknown): void {
    const { message } = (error ?? {}) as { message?: unknown };
    if (codeOf(error) === SQLSTATE.readOnlyTransaction || message === 'Query read timeout') {
      this.close();
    }
  }
}

/** A standby refuses a read-write transaction as an unsupported feature. Maps that to "read-only". */
function explainRefusedBegin(error: Error): Error {
  return codeOf(error) === SQLSTATE.featureNotSupported
    ? Object.assign(new InternalError('the server is a standby', { cause: error }), {
        code: SQLSTATE.readOnlyTransaction,
      })
    : error;
}

/** Makes a connection; closes it if that fails. */
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
