import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError, type EntityManager } from 'typeorm';
import { DependencyUnavailableError } from '#libs/common';

/**
 * SQLSTATEs that mean "not now": connection exceptions (08), insufficient resources (53), operator
 * intervention and time-outs (57), lock not available (55P03), serialization and deadlock (40).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const UNAVAILABLE_SQLSTATE = /^(08|53|57|55P03|40)/;

/**
 * Postgres as the stores see it. Work started inside `transaction` joins it, also across stores, so
 * that a change of two tables owned by two libraries still happens wholly or not at all.
 */
@Injectable()
export class Database {
  private readonly current = new AsyncLocalStorage<EntityManager>();

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs statements in the surrounding transaction, or each by itself.
   * @throws DependencyUnavailableError when Postgres cannot answer in time.
   */
  async run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await work(this.current.getStore() ?? this.dataSource.manager);
    } catch (error) {
      throw asDomainError(error);
    }
  }

  /**
   * Everything that `work` does through `run` commits together.
   * @throws DependencyUnavailableError when Postgres cannot answer in time.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction((manager) => this.current.run(manager, work));
    } catch (error) {
      throw asDomainError(error);
    }
  }

  /** Resolves when Postgres answers. */
  async ping(): Promise<void> {
    await this.run((manager) => manager.query('SELECT 1'));
  }
}

/** A broken constraint stays what it is; an error without an SQLSTATE is the connection's. */
function asDomainError(error: unknown): unknown {
  if (error instanceof QueryFailedError) {
    const { code } = error.driverError as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
      return UNAVAILABLE_SQLSTATE.test(code) ? unavailable(error) : error;
    }
    return unavailable(error);
  }
  return isConnectionError(error) ? unavailable(error) : error;
}

function unavailable(cause: unknown): DependencyUnavailableError {
  return new DependencyUnavailableError('postgres', { cause });
}

/** Errors of sockets carry a system code; those of the pool only a text. */
function isConnectionError(error: unknown): boolean {
  if (!types.isNativeError(error)) {
    return false;
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_)/.test(code) ||
    UNAVAILABLE_SQLSTATE.test(code) ||
    /timeout exceeded when trying to connect|Connection terminated|Driver not Connected|not queryable/i.test(
      error.message,
    )
  );
}
