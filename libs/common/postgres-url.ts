import { postgresTlsOf, type PostgresTls } from './postgres-tls';
import { PostgresUrlError } from './postgres-url-error';

/** One server of a Postgres URL. A host that begins with a slash is a directory of Unix sockets. */
export interface PostgresHost {
  host: string;
  port: number;
}

/** A parsed Postgres URL. */
export interface PostgresAddress {
  /** In the order of the attempts; at least one. */
  hosts: readonly PostgresHost[];
  user?: string;
  password?: string;
  database?: string;
  tls: PostgresTls;
  /** Whether a read-only server is skipped. */
  primaryOnly: boolean;
  /** The schema of the tables. */
  schema: string;
  applicationName: string;
  /** Milliseconds for connecting to one host. */
  connectTimeoutMs?: number;
  channelBinding: boolean;
}

const PARAMETERS = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'target_session_attrs',
  'schema',
  'search_path',
  'options',
  'application_name',
  'connect_timeout',
  'channel_binding',
] as const;
type Parameters = Partial<Record<(typeof PARAMETERS)[number], string>>;

const URL_PARTS = /^postgres(?:ql)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(#.*)?$/;
/** `-c search_path=x`, `-csearch_path=x` or `--search_path=x`. */
const SEARCH_PATH_OPTION = /^\s*(?:-c\s*|--)search_path\s*=\s*(\S+)\s*$/;
const DEFAULT_PORT = 5432;
const DEFAULT_SCHEMA = 'public';

/**
 * Parses a URL in the form that libpq documents, with several hosts and libpq's parameters. Reads the files that it
 * names.
 * @throws PostgresUrlError for a part that would be ignored or cannot be used.
 */
export function parsePostgresUrl(url: string): PostgresAddress {
  const [, authority, path = '', query = '', fragment] = URL_PARTS.exec(url) ?? [];
  if (authority === undefined) {
    throw new PostgresUrlError('must be a URL that starts with postgres:// or postgresql://');
  }
  if (path.includes('@') || query.includes('@')) {
    throw new PostgresUrlError(
      'has an @ after the hosts: percent-encode / as %2F, ? as %3F and @ as %40 in user, password and parameters',
    );
  }
  if (fragment !== undefined) {
    throw new PostgresUrlError('must not hold a #: write it as %23');
  }
  const parameters = parametersOf(query);
  const at = authority.lastIndexOf('@');
  const [user, ...rest] = at < 0 ? [''] : authority.slice(0, at).split(':');
  const password = rest.length > 0 ? rest.join(':') : undefined;
  refuseSecond({ user, password, dbname: path }, parameters);
  const hosts = hostsOf(authority.slice(at + 1), parameters);
  const given = {
    user: decode(user ?? '', 'user') || parameters.user,
    password: decode(password ?? '', 'password') || parameters.password,
    database: decode(path, 'database') || parameters.dbname,
    connectTimeoutMs: connectTimeoutOf(parameters),
  };
  return {
    hosts,
    ...(given.user && { user: given.user }),
    ...(given.password && { password: given.password }),
    ...(given.database && { database: given.database }),
    ...(given.connectTimeoutMs !== undefined && { connectTimeoutMs: given.connectTimeoutMs }),
    tls: postgresTlsOf(parameters),
    channelBinding: isChannelBound(parameters),
    primaryOnly: isPrimaryOnly(parameters, hosts.length > 1),
    schema: schemaOf(parameters),
    applicationName: parameters.application_name ?? 'latchkey',
  };
}

function parametersOf(query: string): Parameters {
  const parameters: Parameters = {};
  for (const pair of query.split('&').filter(Boolean)) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals), 'parameters');
    if (!isKnown(name)) {
      const shown = /^[A-Za-z_]{1,40}$/.test(name) ? `the parameter ${name}` : 'a parameter';
      throw new PostgresUrlError(`has ${shown}, which is not supported`);
    }
    if (parameters[name] !== undefined) {
      throw new PostgresUrlError(`has the parameter ${name} twice`);
    }
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1), `parameter ${name}`);
    if (value === '') {
      throw new PostgresUrlError(`has the parameter ${name} without a value`);
    }
    parameters[name] = value;
  }
  return parameters;
}

function refuseSecond(
  own: Record<'user' | 'password' | 'dbname', string | undefined>,
  parameters: Parameters,
): void {
  for (const name of ['user', 'password', 'dbname'] as const) {
    if (own[name] && parameters[name] !== undefined) {
      throw new PostgresUrlError(`has the parameter ${name} beside the same before the ?`);
    }
  }
}

function isKnown(name: string): name is (typeof PARAMETERS)[number] {
  return (PARAMETERS as readonly string[]).includes(name);
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new PostgresUrlError(
      `has a % in its ${part} that is not followed by two hexadecimal digits of UTF-8: write it as %25`,
    );
  }
}

/** `a:5432,b:5433`, or the parameters `host` and `port`, which may also be lists. */
function hostsOf(list: string, { host, port }: Parameters): PostgresHost[] {
  if (list !== '' && host !== undefined) {
    throw new PostgresUrlError('names hosts twice: before the path and in the parameter host');
  }
  if (list !== '' && port !== undefined) {
    throw new PostgresUrlError('has the parameter port without the parameter host');
  }
  const ports = port?.split(',') ?? [];
  const names = (list !== '' ? list : (host ?? 'localhost')).split(',');
  if (ports.length > 1 && ports.length !== names.length) {
    throw new PostgresUrlError('must name one port, or as many in the parameter port as hosts');
  }
  return names.map((name, index) =>
    list !== '' ? hostAndPort(name) : { host: name, port: portOf(ports[index] ?? ports[0]) },
  );
}

function hostAndPort(text: string): PostgresHost {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]]*))(?::(.*))?$/.exec(text) ?? [];
  const host = bracketed ?? decode(plain ?? '', 'host');
  if (host === '') {
    throw new PostgresUrlError(
      'must name a host, or a list of them like a:5432,b:5432, after user and password',
    );
  }
  return { host, port: portOf(port) };
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === '') {
    return DEFAULT_PORT;
  }
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port >= 1 && port <= 65_535)) {
    throw new PostgresUrlError(
      'has a port that is not a number from 1 to 65535: in user and password write / as %2F, ? as %3F, @ as %40',
    );
  }
  return port;
}

function connectTimeoutOf({ connect_timeout: text }: Parameters): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new PostgresUrlError('must give connect_timeout as whole seconds, at least 1');
  }
  return Number(text) * 1000;
}

function isPrimaryOnly({ target_session_attrs: wanted }: Parameters, several: boolean): boolean {
  if (wanted !== undefined && !['any', 'read-write', 'primary'].includes(wanted)) {
    throw new PostgresUrlError('must have read-write, primary or any as target_session_attrs');
  }
  return wanted === undefined ? several : wanted !== 'any';
}

function schemaOf({ schema, search_path: searchPath, options }: Parameters): string {
  const fromOptions = options === undefined ? undefined : SEARCH_PATH_OPTION.exec(options)?.[1];
  if (options !== undefined && fromOptions === undefined) {
    throw new PostgresUrlError('may only set search_path in the parameter options');
  }
  const named = [schema, searchPath, fromOptions].filter((name) => name !== undefined);
  if (named.length > 1) {
    throw new PostgresUrlError('names the schema twice: of schema, search_path, options give one');
  }
  const [name = DEFAULT_SCHEMA] = named;
  if (name.includes(',') || name.includes('"') || name.startsWith('pg_') || name.length > 63) {
    throw new PostgresUrlError('must name one schema, without quotes');
  }
  return name;
}

function isChannelBound({ channel_binding: binding = 'prefer' }: Parameters): boolean {
  if (!['disable', 'prefer'].includes(binding)) {
    throw new PostgresUrlError('must have prefer or disable as channel_binding');
  }
  return binding === 'prefer';
}
