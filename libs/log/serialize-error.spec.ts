import { inspect } from 'node:util';
import { QueryFailedError } from 'typeorm';
import { DependencyUnavailableError, InternalError } from '#libs/common';
import { errorText, serializeError, serializeErrors } from './serialize-error';

/** Placed in every field of an error that may contain input. */
const SECRET = 's3cret-of-the-user@example.com';

/** Without the frames, which are those of this file. */
function fieldsOf(error: unknown) {
  const { stack, ...fields } = serializeError(error);
  expect(stack ?? '    at ').toMatch(/^ {4}at /);
  return fields;
}

function failed(fields: object, message = `it quotes ${SECRET}`): Error {
  return Object.assign(new Error(message), fields);
}

function databaseError(fields: object, message?: string): Error {
  const error = failed(
    { name: 'error', severity: 'ERROR', length: 100, detail: `Key (email)=(${SECRET})`, ...fields },
    message,
  );
  return error;
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const WITHHELD = 'message withheld: it may quote data';

const FOREIGN: [what: string, error: unknown, fields: object][] = [
  [
    'a broken constraint',
    databaseError({ code: '23505', table: 'users', constraint: 'uq_users_email', where: SECRET }),
    {
      type: 'Error',
      message: 'Postgres: unique violation (SQLSTATE 23505)',
      code: '23505',
      table: 'users',
      constraint: 'uq_users_email',
    },
  ],
  [
    'a value of the wrong type',
    databaseError(
      { code: '22P02', routine: 'string_to_uuid' },
      `invalid input syntax for type uuid: "${SECRET}"`,
    ),
    {
      type: 'Error',
      message: 'Postgres: invalid text representation (SQLSTATE 22P02)',
      code: '22P02',
      routine: 'string_to_uuid',
    },
  ],
  [
    'a missing right, by the mapper',
    new QueryFailedError(
      'INSERT INTO users VALUES ($1)',
      [SECRET],
      databaseError({ code: '42501' }, 'permission denied for table users'),
    ),
    { type: 'QueryFailedError', message: 'permission denied for table users', code: '42501' },
  ],
  [
    'a script of Redis that fails',
    failed(
      { name: 'ReplyError', command: { name: 'open-session', args: [SECRET] } },
      `ERR value ${SECRET} is not an integer script: f_1, on @user_script:12.`,
    ),
    { type: 'ReplyError', message: 'Redis: ERR in open-session at user_script:12', code: 'ERR' },
  ],
  [
    'a key of the wrong type',
    failed(
      { name: 'ReplyError', command: { name: 'get', args: [SECRET] } },
      'WRONGTYPE Operation against a key holding the wrong kind of value',
    ),
    {
      type: 'ReplyError',
      message: 'WRONGTYPE Operation against a key holding the wrong kind of value in get',
      code: 'WRONGTYPE',
    },
  ],
  [
    'a file that is not there',
    failed({ code: 'ENOENT', syscall: 'open', path: `/avatars/${SECRET}` }),
    { type: 'Error', message: 'open ENOENT', code: 'ENOENT' },
  ],
  [
    'a refused connection',
    failed({ code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 6390 }),
    { type: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:6390', code: 'ECONNREFUSED' },
  ],
  [
    'a client of SMTP',
    failed({
      code: 'EENVELOPE',
      responseCode: 550,
      command: `RCPT TO:<${SECRET}>`,
      response: `550 5.1.1 <${SECRET}> unknown`,
      rejected: [SECRET],
    }),
    { type: 'Error', message: 'EENVELOPE', code: 'EENVELOPE', status: 550 },
  ],
  [
    'a service over HTTP',
    failed({ name: 'AccessDenied', $metadata: { httpStatusCode: 403, requestId: SECRET } }),
    { type: 'AccessDenied', message: WITHHELD, status: 403 },
  ],
  ['JSON', thrownBy(() => JSON.parse(SECRET)), { type: 'SyntaxError', message: WITHHELD }],
  [
    'an address',
    thrownBy(() => new URL(SECRET)),
    { type: 'TypeError', message: WITHHELD, code: 'ERR_INVALID_URL' },
  ],
  [
    'a bug',
    thrownBy(() => (undefined as unknown as Record<string, unknown>)[SECRET]),
    { type: 'TypeError', message: 'Cannot read properties of undefined' },
  ],
  ['a plain error', failed({}), { type: 'Error', message: WITHHELD }],
  ['a malformed code and a malformed name', failed({ code: SECRET, name: SECRET }), {}],
  ['a message that looks like frames', new Error(`x\n    at ${SECRET} (a.js:1:2)`), {}],
  ['a text', SECRET, { type: 'string', message: WITHHELD }],
  ['an object', { password: SECRET }, { type: 'object', message: WITHHELD }],
  ['nothing', null, { type: 'null', message: WITHHELD }],
  [
    'an error that cannot be read',
    Object.defineProperty(new Error(), 'message', {
      get: () => thrownBy(() => SECRET.at(Symbol() as never)) && (JSON.parse(SECRET) as string),
    }),
    { type: 'Error', message: WITHHELD },
  ],
];

describe('an error of a library in the log', () => {
  it.each(FOREIGN)('has its kind and no data: %s', (_what, error, fields) => {
    const found = fieldsOf(error);
    expect(found).toMatchObject(fields);
    expect(inspect(serializeError(error), { depth: null })).not.toContain(SECRET);
    expect(errorText(error)).not.toContain(SECRET);
  });

  it.each(FOREIGN)(
    'has no data as a cause, as one of several, or as a field either: %s',
    (_, error) => {
      const all = new AggregateError([error, error], SECRET, { cause: error });
      const line = serializeErrors({ a: { b: [new Error(SECRET, { cause: all })] }, c: all });
      expect(inspect(line, { depth: null })).not.toContain(SECRET);
    },
  );

  it('lists errors that happened together', () => {
    const refused = (address: string) =>
      failed({ code: 'ECONNREFUSED', syscall: 'connect', address, port: 9 });
    const all = new AggregateError([refused('::1'), refused('127.0.0.1')]);
    expect(errorText(all)).toBe('connect ECONNREFUSED [::1]:9, connect ECONNREFUSED 127.0.0.1:9');
  });

  it('ends at a cycle of causes', () => {
    const error = new Error(SECRET);
    error.cause = error;
    expect(JSON.stringify(serializeError(error)).match(/"cause"/g)).toHaveLength(5);
  });
});

describe('an error of the product in the log', () => {
  it('has its message, its code and its cause', () => {
    const cause = new InternalError('too many lookups wait');
    expect(fieldsOf(new DependencyUnavailableError('postgres', { cause }))).toMatchObject({
      type: 'DependencyUnavailableError',
      message: 'A store that is needed to answer is unavailable. Try again shortly.',
      code: 'dependency_unavailable',
      cause: { type: 'InternalError', message: 'too many lookups wait' },
    });
  });

  it('has the place where it was thrown', () => {
    expect(serializeError(new InternalError('x')).stack).toContain('serialize-error.spec');
  });

  it('leaves fields without an error unchanged', () => {
    const line = { tick: new Date(0), details: [{ a: 1 }] };
    expect(serializeErrors(line)).toBe(line);
  });
});
