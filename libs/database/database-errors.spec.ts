import { DependencyUnavailableError, ValidationFailedError } from '#libs/common';
import { QueryFailedError } from 'typeorm';
import { isOutdatedSchema, isUnavailable, isViolationOf } from './database-errors';
import { explainTls } from './tls-failure';

function withCode(code: string, message = 'failed'): Error {
  return Object.assign(new Error(message), { code });
}

function queryFailed(driverError: Error): Error {
  return new QueryFailedError('SELECT 1', [], driverError);
}

function named(name: string): Error {
  return Object.assign(new Error('Query runner already released.'), { name });
}

describe('errors of the driver', () => {
  it.each([
    ['a refused connection', withCode('ECONNREFUSED')],
    ['no route', Object.assign(new AggregateError([]), { code: 'ENETUNREACH' })],
    ['no socket', withCode('ENOENT')],
    ['a broken pipe under a query', queryFailed(withCode('EPIPE'))],
    ['a shutdown', queryFailed(withCode('57P01'))],
    ['a start-up', withCode('57P03')],
    ['a deadlock', queryFailed(withCode('40P01'))],
    ['a read-only server', queryFailed(withCode('25006'))],
    ['a transaction that idled too long', queryFailed(withCode('25P03'))],
    ['a wrong password', withCode('28P01')],
    ['a lost connection', queryFailed(new Error('Connection terminated unexpectedly'))],
    ['a statement without an answer', queryFailed(new Error('Query read timeout'))],
    ['a certificate that has expired', explainTls(withCode('CERT_HAS_EXPIRED')) as Error],
    ['a full pool', new Error('timeout exceeded when trying to connect')],
    ['an ended pool', new Error('Cannot use a pool after calling end on the pool')],
    ['a connection lost under a transaction', named('QueryRunnerAlreadyReleasedError')],
  ])('mean that Postgres is away: %s', (_what, error) => {
    expect(isUnavailable(error)).toBe(true);
  });

  it.each([
    ['a broken constraint', queryFailed(withCode('23505'))],
    ['a syntax error', queryFailed(withCode('42601'))],
    ['a missing table', queryFailed(withCode('42P01'))],
    ['a fault of ours', new TypeError('undefined is not a function')],
    ['a fault of ours that Node found', withCode('ERR_INVALID_ARG_TYPE')],
    ['an error of the product', new ValidationFailedError([])],
    ['the other store being away', new DependencyUnavailableError('redis')],
    ['no error', 'failed'],
  ])('mean something else: %s', (_what, error) => {
    expect(isUnavailable(error)).toBe(false);
  });

  it('name a broken constraint', () => {
    const driverError = Object.assign(withCode('23505'), { constraint: 'uq_users_email' });
    expect(isViolationOf('uq_users_email', queryFailed(driverError))).toBe(true);
    expect(isViolationOf('uq_users_email', driverError)).toBe(true);
    expect(isViolationOf('ck_other', queryFailed(driverError))).toBe(false);
    expect(isViolationOf('uq_users_email', new Error('failed'))).toBe(false);
    expect(isViolationOf('uq_users_email', null)).toBe(false);
  });

  it.each(['42P01', '42703'])('tell of tables that are older than the program: %s', (code) => {
    expect(isOutdatedSchema(queryFailed(withCode(code)))).toBe(true);
    expect(isOutdatedSchema(withCode('42601'))).toBe(false);
  });
});
