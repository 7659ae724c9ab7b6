import fc from 'fast-check';
import { FORM } from '../support/good-calls';
import {
  needsToken,
  parametersIn,
  type OpenApi,
  type Route,
  type Schema,
} from '../support/open-api';
import { fieldsOf, oddText, OWN, valuesOf } from './schema-values';

/** The caller: without a token, with a malformed one, a user or an administrator. */
export type Caller = 'anonymous' | 'nonsense' | 'user' | 'admin';

export interface FormPart {
  name: string;
  content: 'picture' | 'text' | 'nothing' | 'not a file';
}

export type FuzzBody =
  | { kind: 'none' }
  | { kind: 'fields'; fields: Record<string, unknown> }
  | { kind: 'form'; parts: FormPart[] }
  | { kind: 'raw'; text: string; headers: Record<string, string> };

/** A request to one operation, with `OWN` where the client fills in a value of its own. */
export interface FuzzRequest {
  caller: Caller;
  path: Record<string, string>;
  query: [string, string][];
  headers: Record<string, string>;
  body: FuzzBody;
}

const TOO_MUCH = 70_000;

/** Requests to an operation: about half as documented, the rest wrong in one way or another. */
export function requestsTo(api: OpenApi, route: Route): fc.Arbitrary<FuzzRequest> {
  return fc.record({
    caller: callers(route),
    path: fc.record(
      Object.fromEntries(parametersIn(route, 'path').map(({ name }) => [name, pathValues])),
    ),
    query: queries(api, route),
    headers: headersOf(route),
    body: bodies(api, route),
  });
}

/** The request that should succeed: documented values, and the caller's own. */
export function plainRequest(api: OpenApi, route: Route): FuzzRequest {
  const body = api.bodyOf(route);
  const names = Object.keys(body?.schema.properties ?? {});
  return {
    caller: rightCaller(route),
    path: Object.fromEntries(parametersIn(route, 'path').map(({ name }) => [name, OWN])),
    query: [],
    headers: {},
    body:
      body === undefined
        ? { kind: 'none' }
        : body.type === 'multipart/form-data'
          ? { kind: 'form', parts: names.map((name) => ({ name, content: 'picture' })) }
          : { kind: 'fields', fields: Object.fromEntries(names.map((name) => [name, OWN])) },
  };
}

function rightCaller(route: Route): Caller {
  if (!needsToken(route)) {
    return 'anonymous';
  }
  return route.path.startsWith('/api/admin/') ? 'admin' : 'user';
}

function callers(route: Route): fc.Arbitrary<Caller> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(rightCaller(route)) },
    { weight: 1, arbitrary: fc.constantFrom<Caller[]>('anonymous', 'nonsense', 'user', 'admin') },
  );
}

/** Not `.` and `..`: clients remove them from the path before they send it. */
const pathValues = fc.oneof(
  { weight: 4, arbitrary: fc.constant(OWN) },
  fc.uuid(),
  oddText.filter((text) => text.isWellFormed() && !/^(\.{0,2})$/.test(text)),
  fc.constantFrom('x'.repeat(200), '../../etc/passwd', '{id}', '*'),
);

function queries(api: OpenApi, route: Route): fc.Arbitrary<[string, string][]> {
  const parameters = parametersIn(route, 'query');
  const documented = parameters.map(({ name, schema }) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(
        valuesOf(api, schema).map(String),
        oddText,
        fc.constantFrom('-1', '0', '1e3', '201'),
      ),
    ),
  );
  const unknown = fc.tuple(oddText, oddText);
  const pair = documented.length > 0 ? fc.oneof(...documented, unknown) : unknown;
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant<[string, string][]>([]) },
    fc.array(pair, { maxLength: 3 }).map((pairs) => pairs.filter(([name]) => name !== '')),
  );
}

/** Values for documented headers that a header can hold. */
function headersOf(route: Route): fc.Arbitrary<Record<string, string>> {
  const value = fc.oneof(
    fc.constantFrom('*', '""', 'W/"x"', '"a", "b"', '"', ',,,', OWN),
    fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
    }),
  );
  const names = parametersIn(route, 'header').map(({ name }) => name.toLowerCase());
  return names.length === 0
    ? fc.constant({})
    : fc.oneof(fc.constant({}), fc.dictionary(fc.constantFrom(...names), value, { minKeys: 1 }));
}

function bodies(api: OpenApi, route: Route): fc.Arbitrary<FuzzBody> {
  const body = api.bodyOf(route);
  if (route.method === 'GET') {
    return fc.constant({ kind: 'none' });
  }
  if (!body) {
    return fc.oneof({ weight: 8, arbitrary: fc.constant<FuzzBody>({ kind: 'none' }) }, rawBodies);
  }
  if (body.type === 'multipart/form-data') {
    return fc.oneof({ weight: 3, arbitrary: forms(body.schema) }, rawBodies);
  }
  const good = fieldsOf(api, body.schema);
  return fc.oneof(
    { weight: 6, arbitrary: good.map((fields): FuzzBody => ({ kind: 'fields', fields })) },
    {
      weight: 5,
      arbitrary: spoilt(good, body.schema).map((fields): FuzzBody => ({ kind: 'fields', fields })),
    },
    { weight: 2, arbitrary: rawBodies },
    fc.constant<FuzzBody>({ kind: 'none' }),
  );
}

/** Fields of which one has a wrong value, or is missing, or is unknown. */
function spoilt(
  good: fc.Arbitrary<Record<string, unknown>>,
  { properties = {} }: Schema,
): fc.Arbitrary<Record<string, unknown>> {
  const names = Object.keys(properties);
  const name = fc.constantFrom(...names);
  return fc.oneof(
    fc.tuple(good, name, wrongValues).map(([fields, at, value]) => ({ ...fields, [at]: value })),
    fc.tuple(good, name).map(([fields, at]) => ({ ...fields, [at]: undefined })),
    fc
      .tuple(
        good,
        fc.oneof(oddText, fc.constantFrom('role', 'id', 'isAdmin', 'toString')),
        fc.jsonValue(),
      )
      .map(([fields, at, value]) => ({ ...fields, ...(at !== '' && { [at]: value }) })),
  );
}

const wrongValues: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown[]>(null, true, 0, -1, 1e308, [], {}, [OWN], { $ne: null }, ''),
  fc.integer({ min: 100, max: 40_000 }).map((length) => 'y'.repeat(length)),
);

const MEDIA_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/JSON',
  'application/jsonx',
  'application/problem+json',
  'application/xml',
  'text/plain',
  'text/html',
  FORM,
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'nonsense',
  ';',
];

const rawBodies: fc.Arbitrary<FuzzBody> = fc
  .record({
    text: fc.oneof(
      fc.constantFrom(
        '',
        '{',
        '}',
        '[]',
        'null',
        '1',
        '"text"',
        '{"a":1,}',
        '{"email":',
        '\ufeff{}',
        "{'a':1}",
      ),
      fc.constantFrom('--x\r\n', '--x--\r\n', 'a=b&c', '%', '=', '{"__proto__":{}}', '[[[[]]]]'),
      fc.json(),
      oddText,
      fc.constant(JSON.stringify({ bio: 'z'.repeat(TOO_MUCH) })),
    ),
    type: fc.oneof(
      { weight: 2, arbitrary: fc.constant('application/json') },
      fc.constantFrom(...MEDIA_TYPES),
    ),
    encoding: fc.oneof(
      { weight: 8, arbitrary: fc.constant('') },
      fc.constantFrom('gzip', 'br', 'identity', 'x'),
    ),
  })
  .map(({ text, type, encoding }) => ({
    kind: 'raw',
    text,
    headers: { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) },
  }));

function forms({ properties = {} }: Schema): fc.Arbitrary<FuzzBody> {
  const names = Object.keys(properties);
  const part = fc.record({
    name: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...names) },
      fc.constantFrom('file', 'x', '__proto__'),
    ),
    content: fc.constantFrom<FormPart['content'][]>(
      'picture',
      'picture',
      'text',
      'nothing',
      'not a file',
    ),
  });
  return fc.array(part, { maxLength: 3 }).map((parts) => ({ kind: 'form', parts }));
}
