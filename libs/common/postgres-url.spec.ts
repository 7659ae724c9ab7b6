import { postgresTlsOptions } from './postgres-tls';
import { parsePostgresUrl } from './postgres-url';
import { PostgresUrlError } from './postgres-url-error';

const SECRET = 's3cret';

function problemOf(url: string): string {
  try {
    parsePostgresUrl(url);
  } catch (error) {
    expect(error).toBeInstanceOf(PostgresUrlError);
    return (error as PostgresUrlError).problem;
  }
  throw new Error('it was taken');
}

describe('the URL of Postgres', () => {
  it('is parsed, with defaults for missing parts', () => {
    expect(parsePostgresUrl('postgresql://app:p%40ss@db/latchkey')).toEqual({
      hosts: [{ host: 'db', port: 5432 }],
      user: 'app',
      password: 'p@ss',
      database: 'latchkey',
      tls: { mode: 'disable', files: {} },
      channelBinding: true,
      primaryOnly: false,
      schema: 'public',
      applicationName: 'latchkey',
    });
  });

  it.each([
    [
      'a:5433,b',
      [
        ['a', 5433],
        ['b', 5432],
      ],
    ],
    [
      '[::1]:5433,[2001:db8::1]',
      [
        ['::1', 5433],
        ['2001:db8::1', 5432],
      ],
    ],
    ['%2Frun%2Fpostgresql', [['/run/postgresql', 5432]]],
    ['', [['localhost', 5432]]],
  ])('names hosts: %s', (list, hosts) => {
    const { hosts: found } = parsePostgresUrl(`postgres://u:p@${list}/d`);
    expect(found.map(({ host, port }) => [host, port])).toEqual(hosts);
  });

  it('names hosts and more in its parameters, as libpq has them', () => {
    const url = 'postgres:///?host=/run/a,b&port=5433&user=u&password=p&dbname=d&connect_timeout=2';
    expect(parsePostgresUrl(url)).toMatchObject({
      hosts: [
        { host: '/run/a', port: 5433 },
        { host: 'b', port: 5433 },
      ],
      user: 'u',
      password: 'p',
      database: 'd',
      connectTimeoutMs: 2000,
    });
  });

  it('skips standbys where it names several hosts, by default', () => {
    const several = 'postgres://a,b/d';
    expect(parsePostgresUrl(several).primaryOnly).toBe(true);
    expect(parsePostgresUrl(`${several}?target_session_attrs=any`).primaryOnly).toBe(false);
    expect(parsePostgresUrl('postgres://a/d?target_session_attrs=read-write').primaryOnly).toBe(
      true,
    );
  });

  it.each([
    'schema=x',
    'search_path=x',
    'options=-c%20search_path%3Dx',
    'options=-csearch_path%3Dx',
    'options=--search_path=x',
  ])('names the schema: %s', (query) => {
    expect(parsePostgresUrl(`postgres://h/d?${query}`).schema).toBe('x');
  });

  it.each([
    ['disable', false],
    ['allow', false],
    ['prefer', false],
    ['require', false],
    ['verify-full', true],
  ])('with sslmode %s verifies the certificate: %s', (mode, verifies) => {
    const { tls: address } = parsePostgresUrl(`postgres://h/d?sslmode=${mode}`);
    const tls = postgresTlsOptions(address.mode, {});
    expect(tls.rejectUnauthorized).toBe(verifies);
    expect(tls.checkServerIdentity === undefined).toBe(mode === 'verify-full');
  });

  it.each([
    ['mysql://u:s3cret@h/d', 'must be a URL that starts with postgres:// or postgresql://'],
    ['postgres://u:s3cret%b@h/d', /^has a % in its password that is not followed by/],
    ['postgres://u%zz:s3cret@h/d', /^has a % in its user /],
    ['postgres://u:p@h/d%', /^has a % in its database /],
    ['postgres://u:p@h/d?schema=%', /^has a % in its parameter schema /],
    ['postgres://u:s3cret/more@h/d', /^has an @ after the hosts: percent-encode/],
    ['postgres://u:12/s3cret@h/d', /^has an @ after the hosts/],
    ['postgres://u:p?s3cret&x@h/d', /^has an @ after the hosts/],
    ['postgres://u:s3cret#more@h/d', 'must not hold a #: write it as %23'],
    ['postgres://u:s3cret?more@h/d', /^has an @ after the hosts/],
    ['postgres://h/d?more%20of=s3cret', /^has a parameter, which is not supported$/],
    ['postgres://u:p@h:0/d', /^has a port that is not a number/],
    ['postgres://u:p@a,,b/d', /^must name a host, or a list of them/],
    ['postgres://u:p@::1/d', /^has a port|^must name a host/],
    ['postgres://h/d?pgbouncer=true', 'has the parameter pgbouncer, which is not supported'],
    [
      'postgres://h/d?statement_timeout=5',
      'has the parameter statement_timeout, which is not supported',
    ],
    ['postgres://h/d?schema=a&schema=b', 'has the parameter schema twice'],
    ['postgres://h/d?schema=', 'has the parameter schema without a value'],
    ['postgres://h/d?schema=a&search_path=b', /^names the schema twice/],
    ['postgres://h/d?schema=a,b', 'must name one schema, without quotes'],
    ['postgres://h/d?options=-c%20work_mem=1', /^may only set search_path/],
    ['postgres://h/d?sslmode=no', /^must have one of disable, allow, .* as sslmode$/],
    [
      'postgres://h/d?sslmode=verify-full&sslrootcert=/none',
      'names a file in sslrootcert that cannot be read (ENOENT)',
    ],
    [
      'postgres://h/d?sslmode=require&sslcert=/none&sslkey=/none',
      'names a file in sslcert that cannot be read (ENOENT)',
    ],
    [
      'postgres://h/d?sslmode=require&sslkey=/none',
      'must have both of sslcert and sslkey, or neither',
    ],
    ['postgres://h/d?sslrootcert=/etc/hosts', /^names files of TLS, and has no sslmode/],
    [
      'postgres://h/d?sslmode=verify-ca&sslrootcert=/etc/hosts',
      /^names a file in sslrootcert that holds no certificate/,
    ],
    ['postgres://h/d?sslmode=require&sslrootcert=system', /^must have verify-full as sslmode/],
    ['postgres://h/d?channel_binding=require', 'must have prefer or disable as channel_binding'],
    ['postgres://a,b/d?target_session_attrs=standby', /^must have read-write, primary or any/],
    ['postgres://h/d?connect_timeout=soon', /^must give connect_timeout as whole seconds/],
    ['postgres://a/d?host=b', /^names hosts twice/],
    ['postgres://h/d?sslmode=verify-ca', /^must name a file as sslrootcert/],
    ['postgres://u@h/d?user=s3cret', 'has the parameter user beside the same before the ?'],
    ['postgres://u:p@h/d?password=s3cret', /^has the parameter password beside/],
    ['postgres://u:p@h/d?dbname=s3cret', /^has the parameter dbname beside/],
  ])('is refused with one sentence and without its value: %s', (url, problem) => {
    const found = problemOf(url);
    expect(found).toMatch(problem);
    expect(found).not.toContain(SECRET);
    expect(found).not.toContain('\n');
  });
});
