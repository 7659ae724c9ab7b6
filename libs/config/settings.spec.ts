import type { BlockList } from 'node:net';
import { resolve } from 'node:path';
import { describeSettings } from './describe-settings';
import { parseCommandSettings, parseDatabaseUrl, parseSettings } from './settings';
import { SettingsError } from './settings-error';
import { settingsSchema } from './settings-schema';

const REQUIRED = {
  DATABASE_URL: 'postgres://app:pw@db:5432/latchkey',
  REDIS_URL: 'redis://cache:6379',
  JWT_SECRET: 'kJ8#mQ2$vX9!pL4&zR7*wN3@bT6^yH1%',
};

function parse(env: Record<string, string | undefined> = {}) {
  return parseSettings({ ...REQUIRED, ...env });
}

function refusal(env: Record<string, string | undefined>): SettingsError {
  try {
    parse(env);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return error as SettingsError;
  }
  throw new Error('the settings were accepted');
}

describe('settings', () => {
  it('have the documented defaults', () => {
    expect({ ...parse() }).toEqual({
      nodeEnv: 'development',
      production: false,
      host: '127.0.0.1',
      port: 3000,
      maxConnections: 10_000,
      startTimeoutSeconds: 60,
      shutdownDelaySeconds: 0,
      shutdownTimeoutSeconds: 10,
      databaseUrl: REQUIRED.DATABASE_URL,
      databasePoolMax: 10,
      redisUrl: REQUIRED.REDIS_URL,
      redisSentinelTls: false,
      redis: { url: REQUIRED.REDIS_URL },
      jwtSecret: REQUIRED.JWT_SECRET,
      jwtKeys: { secret: REQUIRED.JWT_SECRET, accepted: [] },
      jwtExpiresInSeconds: 86_400,
      sessionTtlSeconds: 86_400,
      sessionMaxLifetimeSeconds: 30 * 86_400,
      rememberTtlSeconds: 30 * 86_400,
      rememberMaxLifetimeSeconds: 90 * 86_400,
      recentAuthTtlSeconds: 600,
      verifyAttributes: [],
      maxSessionsPerUser: 100,
      nearCache: false,
      nearCacheMaxSessions: 50_000,
      profileTtlSeconds: 1800,
      blacklistTtlSeconds: 86_400,
      introspectionClients: [],
      maxRevocationSubscribers: 1000,
      registration: 'open',
      passwordQueueMax: 64,
      passwordContextWords: [],
      breachedPasswordCheck: false,
      breachedPasswordUrl: 'https://api.pwnedpasswords.com',
      rateLimit: true,
      loginLimitPerAccount: 10,
      loginLimitPerAddress: 100,
      registerLimitPerAddress: 20,
      refreshLimitPerAddress: 120,
      corsOrigins: [],
      cookies: false,
      securityContacts: [],
      docs: true,
      publicPath: '',
      avatarDir: '.data/avatars',
      avatarS3Region: 'us-east-1',
      avatarStorage: { directory: resolve('.data/avatars') },
      jobsEnabled: true,
      canary: true,
      canaryPeers: [],
      cleanUpCron: '0 * * * *',
      redisCheckCron: '*/5 * * * *',
      auditRetentionSeconds: 90 * 86_400,
      logLevel: 'info',
      logFormat: 'pretty',
      traceServiceName: 'latchkey',
      traceSampler: 'parentbased_always_on',
      traceSamplerRatio: 1,
      tracing: undefined,
    });
  });

  it('are declared once each, with a name and a description', () => {
    const declared = describeSettings();
    expect(declared.length).toBe(Object.keys(settingsSchema.shape).length);
    expect(new Set(declared.map(({ name }) => name)).size).toBe(declared.length);
    for (const { name, description } of declared) {
      expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(description).toMatch(/^.+\.$/);
    }
  });

  it('take every documented default and example', () => {
    // Settings that need others have tests of their own, and the files are none of this machine.
    const values = describeSettings().flatMap(({ name, default: value, examples }) =>
      [...(value === undefined ? [] : [value]), ...examples].map((one) => [name, one] as const),
    );
    const alone = ([name, one]: readonly [string, string]) =>
      !one.includes('sslrootcert') && !/^REDIS_(SENTINEL|CA|CERT|KEY)/.test(name);
    for (const [name, value] of values.filter(alone)) {
      expect(() => parse({ [name]: value })).not.toThrow();
    }
  });

  it('take the values of the environment', () => {
    const settings = parse({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      PORT: '8080',
      LOG_LEVEL: 'warn',
      MAX_SESSIONS_PER_USER: '5',
      INTROSPECTION_CLIENTS: 'billing:dT5!kW8 nB2%hS6#',
      JWT_EXPIRES_IN: '15m',
      SESSION_TTL: '12h',
      PROFILE_TTL: '90s',
      BLACKLIST_TTL: '2d',
      AUDIT_RETENTION: '3660d',
      START_TIMEOUT: '2m',
      SHUTDOWN_DELAY: '15s',
      SHUTDOWN_TIMEOUT: '1h',
    });
    expect(settings).toMatchObject({
      production: true,
      host: '0.0.0.0',
      port: 8080,
      logLevel: 'warn',
      jwtExpiresInSeconds: 900,
      sessionTtlSeconds: 43_200,
      sessionMaxLifetimeSeconds: 30 * 86_400,
      maxSessionsPerUser: 5,
      introspectionClients: [{ id: 'billing', secret: 'dT5!kW8 nB2%hS6#' }],
      profileTtlSeconds: 90,
      blacklistTtlSeconds: 172_800,
      auditRetentionSeconds: 316_224_000,
      startTimeoutSeconds: 120,
      shutdownDelaySeconds: 15,
      shutdownTimeoutSeconds: 3600,
    });
  });

  it('take lists of names', () => {
    const { passwordContextWords } = parse({ PASSWORD_CONTEXT_WORDS: ' acme , acme shop' });
    expect(passwordContextWords).toEqual(['acme', 'acme shop']);
  });

  it.each([
    [{ NEAR_CACHE: 'near' }, 'NEAR_CACHE must be true or false.'],
    [{ NEAR_CACHE_MAX: '0' }, 'NEAR_CACHE_MAX must be a whole number of at least 1.'],
    [{ PASSWORD_QUEUE: '0' }, 'PASSWORD_QUEUE must be a whole number of at least 1.'],
    [
      { PASSWORD_CONTEXT_WORDS: 'acme,,ab' },
      'PASSWORD_CONTEXT_WORDS must be a list like acme,acme shop with names of at least 3 characters.',
    ],
    [{ BREACHED_PASSWORD_CHECK: 'maybe' }, 'BREACHED_PASSWORD_CHECK must be true or false.'],
    [
      { BREACHED_PASSWORD_URL: 'mirror:8080' },
      'BREACHED_PASSWORD_URL must be a URL that starts with http:// or https://.',
    ],
    [{ REMEMBER_TTL: '91d' }, 'REMEMBER_MAX_LIFETIME must not be shorter than REMEMBER_TTL.'],
    [
      { SESSION_IDLE_TIMEOUT: '30s' },
      'SESSION_IDLE_TIMEOUT must be a duration of 1m to 366d, written like 15m or 24h.',
    ],
    ...['id', 'plan,Plan', 'org_id,orgId', 'a b', 'plan,', 'plan\r\nx'].map(
      (VERIFY_ATTRIBUTES): [NodeJS.Dict<string>, string] => [
        { VERIFY_ATTRIBUTES },
        'VERIFY_ATTRIBUTES must be a list like plan,orgId with names of attributes that give different headers, other than X-Session-Id.',
      ],
    ),
  ])('refuse %j', (env, message) => {
    expect(refusal(env).message).toBe(message);
  });

  it.each([
    ['production', 5],
    ['test', 0],
    ['development', 0],
  ])('default in %s to a shutdown delay of %i s', (NODE_ENV, seconds) => {
    expect(parse({ NODE_ENV }).shutdownDelaySeconds).toBe(seconds);
    expect(parse({ NODE_ENV, SHUTDOWN_DELAY: '0s' }).shutdownDelaySeconds).toBe(0);
  });

  it.each([
    ['production', 'json'],
    ['test', 'pretty'],
    ['development', 'pretty'],
  ])('default in %s to the log format %s', (NODE_ENV, format) => {
    expect(parse({ NODE_ENV }).logFormat).toBe(format);
    expect(parse({ NODE_ENV, LOG_FORMAT: 'json' }).logFormat).toBe('json');
    expect(parse({ NODE_ENV, LOG_FORMAT: 'pretty' }).logFormat).toBe('pretty');
    expect(refusal({ NODE_ENV, LOG_FORMAT: 'xml' }).message).toBe(
      'LOG_FORMAT must be json or pretty.',
    );
  });

  it('serve the documentation by default, except in production', () => {
    expect(parse({ NODE_ENV: 'production' }).docs).toBe(false);
    expect(parse({ NODE_ENV: 'production', DOCS: 'on' }).docs).toBe(true);
    expect(parse({ DOCS: 'off' }).docs).toBe(false);
  });

  it('take proxies by number or by address', () => {
    expect(parse({ TRUST_PROXY: '2' }).trustedProxies).toEqual({ hops: 2 });
    const proxies = parse({ TRUST_PROXY: '10.0.0.0/8, ::1' }).trustedProxies;
    const { addresses } = proxies as { addresses: BlockList };
    expect([addresses.check('10.9.9.9'), addresses.check('::1', 'ipv6')]).toEqual([true, true]);
    expect(addresses.check('11.0.0.1')).toBe(false);
  });

  it.each([
    'true',
    '0',
    '100',
    'loopback',
    '10.0.0.0/33',
    '10.0.0.1,',
    '-1',
    '0.0.0.0/0',
    '10.0.0.1,::/0',
  ])('refuse the proxies %s', (text) => {
    expect(refusal({ TRUST_PROXY: text }).message).toBe(
      'TRUST_PROXY must be the number of proxies before this process, or a list of IP addresses ' +
        'and networks, like 127.0.0.1,10.0.0.0/8.',
    );
  });

  it('allow other origins by name only', () => {
    const text = 'https://app.example.com, http://localhost:5173';
    expect(parse({ CORS_ORIGINS: text }).corsOrigins).toEqual([
      'https://app.example.com',
      'http://localhost:5173',
    ]);
    for (const wrong of [
      '*',
      'app.example.com',
      'https://a.example/',
      'https://a.example/x',
      ',',
    ]) {
      expect(refusal({ CORS_ORIGINS: wrong }).variable).toBe('CORS_ORIGINS');
    }
  });

  it.each([
    ['LOGIN_LIMIT_PER_ACCOUNT', '0'],
    ['LOGIN_LIMIT_PER_ADDRESS', 'none'],
    ['REFRESH_LIMIT_PER_ADDRESS', '-1'],
    ['REGISTER_LIMIT_PER_ADDRESS', '1.5'],
    ['MAX_CONNECTIONS', '0'],
    ['RATE_LIMIT', 'yes'],
    ['HSTS', '1h'],
    ['COOKIES', 'yes'],
  ])('refuse the limit %s=%s', (variable, text) => {
    expect(refusal({ [variable]: text }).variable).toBe(variable);
  });

  it.each(['23h', '3661d', '0d', 'ever'])('refuse to keep audit events for %s', (text) => {
    expect(refusal({ AUDIT_RETENTION: text }).message).toBe(
      'AUDIT_RETENTION must be a duration of 1d to 3660d, written like 90d or 365d.',
    );
  });

  it.each([
    ['START_TIMEOUT', '0s', '1s to 1h'],
    ['SHUTDOWN_TIMEOUT', '0s', '1s to 1h'],
    ['SHUTDOWN_DELAY', '61m', '0s to 1h'],
    ['SHUTDOWN_DELAY', '-1s', '0s to 1h'],
    ['SHUTDOWN_DELAY', '500ms', '0s to 1h'],
    ['SHUTDOWN_DELAY', '0', '0s to 1h'],
  ])('refuse %s=%s', (variable, text, range) => {
    expect(refusal({ [variable]: text }).message).toBe(
      `${variable} must be a duration of ${range}, written like 5s or 1m.`,
    );
  });

  it.each([
    ['1s', 1],
    ['1000ms', 1],
    ['15m', 900],
    ['24h', 86_400],
    ['30d', 2_592_000],
    ['366d', 31_622_400],
  ])('read the duration %s as %i seconds', (text, seconds) => {
    expect(parse({ BLACKLIST_TTL: text }).blacklistTtlSeconds).toBe(seconds);
  });

  it.each([
    '0s',
    '0',
    '24',
    '1500ms',
    '-5m',
    '1.5h',
    '367d',
    '24 h',
    '24H',
    '1w',
    '1y',
    'h',
    'soon',
    ' 24h',
    '24h\n',
    '1e3s',
    '9'.repeat(400) + 'd',
  ])('refuse the duration %j', (text) => {
    expect(refusal({ JWT_EXPIRES_IN: text }).variable).toBe('JWT_EXPIRES_IN');
  });

  it.each([
    ['0', 0],
    ['1', 1],
    ['65535', 65_535],
  ])('take the port %s', (text, port) => {
    expect(parse({ PORT: text }).port).toBe(port);
  });

  it.each(['65536', '-1', '80.5', '0x50', '1e3', 'http', ' 80', '000080'])(
    'refuse the port %j',
    (text) => {
      expect(refusal({ PORT: text }).variable).toBe('PORT');
    },
  );

  it.each([
    ['DATABASE_URL', 'postgres://db/latchkey'],
    ['DATABASE_URL', 'postgresql://app:p%40ss@db:5432/latchkey?sslmode=require'],
    ['REDIS_URL', 'redis://cache'],
    ['REDIS_URL', 'rediss://default:pw@cache:6380/2'],
  ])('take %s=%s', (variable, value) => {
    expect(Object.values(parse({ [variable]: value }))).toContain(value);
  });

  it.each([
    ['postgres://u:s3cret%b@h/d', /^DATABASE_URL has a % in its password that is not followed by/],
    [
      'postgres://u:s3cret@h/d?pool=5',
      'DATABASE_URL has the parameter pool, which is not supported.',
    ],
    [
      'postgres://u:s3cret@h/d?sslmode=verify-full&sslrootcert=/none',
      'DATABASE_URL names a file in sslrootcert that cannot be read (ENOENT).',
    ],
  ])('refuse DATABASE_URL=%s with a sentence that does not repeat it', (url, sentence) => {
    const { message } = refusal({ DATABASE_URL: url });
    expect(message).toMatch(sentence);
    expect(message).not.toContain('s3cret');
  });

  it.each(['NODE_ENV', 'HOST', 'PORT', 'LOG_LEVEL', 'JWT_EXPIRES_IN', 'PROFILE_TTL'])(
    'count an empty %s as unset',
    (variable) => {
      expect({ ...parse({ [variable]: '' }) }).toEqual({ ...parse() });
    },
  );

  it.each(['DATABASE_URL', 'REDIS_URL', 'JWT_SECRET'])('require %s', (variable) => {
    for (const value of [undefined, '']) {
      const { message } = refusal({ [variable]: value });
      expect(message).toMatch(new RegExp(`^${variable} is required: .+[^.]\\.$`));
    }
  });

  describe('for avatars', () => {
    const BUCKET = { AVATAR_S3_BUCKET: 'avatars', AVATAR_DIR: '/ignored' };

    it('take a directory, or a bucket in its place', () => {
      expect(parse({ AVATAR_DIR: '/srv/avatars' }).avatarStorage).toEqual({
        directory: '/srv/avatars',
      });
      expect(parse(BUCKET).avatarStorage).toEqual({
        s3: {
          bucket: 'avatars',
          region: 'us-east-1',
          endpoint: undefined,
          credentials: undefined,
        },
      });
    });

    it('take the address and the key of a compatible service', () => {
      const settings = parse({
        ...BUCKET,
        AVATAR_S3_REGION: 'auto',
        AVATAR_S3_ENDPOINT: 'https://s3.example.com',
        AVATAR_S3_ACCESS_KEY_ID: 'id',
        AVATAR_S3_SECRET_ACCESS_KEY: 'secret',
      });
      expect(settings.avatarStorage).toEqual({
        s3: {
          bucket: 'avatars',
          region: 'auto',
          endpoint: 'https://s3.example.com',
          credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
        },
      });
    });

    it.each<[string, Record<string, string>]>([
      ['AVATAR_S3_BUCKET', { AVATAR_S3_BUCKET: 'My_Bucket' }],
      ['AVATAR_S3_ENDPOINT', { AVATAR_S3_ENDPOINT: 's3.example.com' }],
      ['AVATAR_S3_SECRET_ACCESS_KEY', { AVATAR_S3_ACCESS_KEY_ID: 'id' }],
      ['AVATAR_S3_ACCESS_KEY_ID', { AVATAR_S3_SECRET_ACCESS_KEY: 'secret' }],
    ])('refuse a wrong or missing %s', (variable, env) => {
      expect(refusal({ ...BUCKET, ...env }).variable).toBe(variable);
    });
  });

  describe('for metrics', () => {
    it('take a port of their own, but not that of the API', () => {
      expect(parse({ METRICS_PORT: '9464' }).metricsPort).toBe(9464);
      expect(parse({ PORT: '0', METRICS_PORT: '0' }).metricsPort).toBe(0);
      for (const env of [{ METRICS_PORT: '3000' }, { PORT: '80', METRICS_PORT: '80' }]) {
        expect(refusal(env).message).toBe('METRICS_PORT must be another port than PORT.');
      }
      expect(refusal({ METRICS_PORT: 'http' }).variable).toBe('METRICS_PORT');
    });

    it('take the addresses and networks that may read metrics', () => {
      const { metricsAllow } = parse({ METRICS_ALLOW: '10.0.0.0/8, 192.168.1.7,fd00::/8' });
      const allowed = (address: string, family?: 'ipv6') => metricsAllow?.check(address, family);
      expect(['10.255.0.1', '192.168.1.7'].map((one) => allowed(one))).toEqual([true, true]);
      expect(['11.0.0.1', '192.168.1.8'].map((one) => allowed(one))).toEqual([false, false]);
      expect(['fd12::1', '::1'].map((one) => allowed(one, 'ipv6'))).toEqual([true, false]);
      expect(allowed('::ffff:10.0.0.1', 'ipv6')).toBe(true);
      expect(parse({ METRICS_ALLOW: '0.0.0.0/0' }).metricsAllow?.check('8.8.8.8')).toBe(true);
    });

    it.each([
      'localhost',
      '10.0.0.0/33',
      '10.0.0/8',
      '::/129',
      '10.0.0.0/8/8',
      '10.0.0.1,',
      '1.1.1.1/',
    ])('refuse the list %j', (text) => {
      expect(refusal({ METRICS_ALLOW: text }).message).toBe(
        'METRICS_ALLOW must be a list of IP addresses and networks, like 127.0.0.1,10.0.0.0/8.',
      );
    });
  });

  describe('for traces', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';

    it('are off without an endpoint', () => {
      expect(parse({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' }).tracing).toBe(
        undefined,
      );
    });

    it('take the standard variables', () => {
      expect(parse({ OTEL_EXPORTER_OTLP_ENDPOINT }).tracing).toEqual({
        endpoint: OTEL_EXPORTER_OTLP_ENDPOINT,
        serviceName: 'latchkey',
        sampler: 'parentbased_always_on',
        samplerRatio: 1,
      });
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT,
        OTEL_SERVICE_NAME: 'sessions',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
      };
      expect(parse(env).tracing).toMatchObject({
        serviceName: 'sessions',
        sampler: 'parentbased_traceidratio',
        samplerRatio: 0.25,
      });
    });

    it.each([
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
      ['OTEL_TRACES_SAMPLER', 'sometimes'],
      ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
      ['OTEL_TRACES_SAMPLER_ARG', '-0.1'],
      ['OTEL_TRACES_SAMPLER_ARG', 'half'],
    ])('refuse %s=%s', (variable, text) => {
      expect(refusal({ [variable]: text }).variable).toBe(variable);
    });
  });

  it.each([
    ['true', true],
    ['on', true],
    ['false', false],
    ['off', false],
  ])('read the switch %s', (text, jobsEnabled) => {
    expect(parse({ JOBS_ENABLED: text }).jobsEnabled).toBe(jobsEnabled);
  });

  it('refuse a switch that is neither on nor off', () => {
    expect(refusal({ JOBS_ENABLED: 'yes' }).message).toBe('JOBS_ENABLED must be true or false.');
  });

  it.each([
    ['30 3 * * *', '30 3 * * *'],
    ['*/10 * * * * *', '*/10 * * * * *'],
    ['off', null],
  ])('read the schedule %s', (text, cleanUpCron) => {
    expect(parse({ CLEAN_UP_CRON: text }).cleanUpCron).toBe(cleanUpCron);
  });

  it.each(['hourly', '* * *', '61 * * * *', 'on'])('refuse the schedule %s', (text) => {
    expect(refusal({ REDIS_CHECK_CRON: text }).message).toBe(
      'REDIS_CHECK_CRON must be a cron expression, such as */5 * * * *, or off.',
    );
  });

  it.each(['0 0 30 2 *', '0 0 0 30 2 *', '0 0 31 4,6 *'])(
    'refuse the schedule %s, which is never due',
    (text) => {
      expect(refusal({ CLEAN_UP_CRON: text }).message).toBe(
        'CLEAN_UP_CRON must be a cron expression of a date that exists, or off.',
      );
    },
  );

  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['[::1]', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['localhost', 'localhost'],
    ['api_1.internal.', 'api_1.internal.'],
  ])('listen on %s', (text, host) => {
    expect(parse({ HOST: text }).host).toBe(host);
  });

  it.each(['300.0.0.1', '127.0.0.1:80', '[::1]:80', '[localhost]', 'http://localhost', 'a b', '*'])(
    'refuse to listen on %j',
    (text) => {
      expect(refusal({ HOST: text }).message).toBe(
        'HOST must be a host name or an IP address, without a port.',
      );
    },
  );

  it.each([
    ['DATABASE_URL', 'mysql://secret-place'],
    ['REDIS_URL', 'http://secret-place'],
    ['NODE_ENV', 'prod-like'],
    ['HOST', '[::1]:80'],
    ['PORT', 'three'],
    ['LOG_LEVEL', 'loudest'],
    ['LOG_FORMAT', 'loudly'],
    ['AUDIT_RETENTION', '91'],
    ['JWT_EXPIRES_IN', 'tomorrow'],
    ['SESSION_TTL', '86400'],
    ['PROFILE_TTL', '0s'],
    ['BLACKLIST_TTL', '-24h'],
    ['METRICS_ALLOW', 'not-an-address'],
    ['CLEAN_UP_CRON', '0 0 30 2 *'],
    ['OTEL_TRACES_SAMPLER', 'now-and-then'],
  ])('report an error in %s in one sentence, without the value', (variable, text) => {
    const { message } = refusal({ [variable]: text });
    expect(message).toMatch(new RegExp(`^${variable} [^\\n]+\\.$`));
    expect(message).not.toContain(text);
  });

  it('ignore unknown variables', () => {
    expect({ ...parse({ PATH: '/bin', jwt_secret: 'x', SESSION_TTL_: '1' }) }).toEqual({
      ...parse(),
    });
  });

  it.each([
    ['one byte short', 'kJ8#mQ2$vX9!pL4&zR7*wN3@bT6^yH1'],
    ['of one repeated character', 'x'.repeat(64)],
    ['of seven characters in turn', 'abcdefg'.repeat(10)],
  ])('refuse a JWT_SECRET %s in production only', (_what, secret) => {
    expect(parse({ JWT_SECRET: secret }).jwtKeys).toEqual({ secret, accepted: [] });
    for (const name of ['JWT_SECRET', 'JWT_ACCEPTED_SECRET']) {
      const { variable, message } = refusal({ NODE_ENV: 'production', [name]: secret });
      expect(variable).toBe(name);
      expect(message).not.toContain(secret);
    }
  });

  it('count the bytes of a secret, not its characters', () => {
    const secret = 'éèêëàâäôöùûüçñõã';
    expect(Buffer.byteLength(secret)).toBe(32);
    const { jwtKeys } = parse({ NODE_ENV: 'production', JWT_SECRET: secret });
    expect(jwtKeys).toEqual({ secret, accepted: [] });
  });

  it('accept a second secret and a second directory beside either kind of key', () => {
    const accepted = [{ secret: 'older' }, { directory: '/older' }];
    const both = { JWT_ACCEPTED_SECRET: 'older', JWT_ACCEPTED_KEYS_DIR: '/older' };
    expect(parse(both).jwtKeys).toEqual({ secret: REQUIRED.JWT_SECRET, accepted });
    expect(parse({ ...both, JWT_KEYS_DIR: '/keys' }).jwtKeys).toEqual({
      directory: '/keys',
      accepted,
    });
    expect(parseCommandSettings({ ...REQUIRED, ...both }).jwtKeys).toMatchObject({ accepted: [] });
  });

  it('need only DATABASE_URL for migrations', () => {
    const { DATABASE_URL } = REQUIRED;
    expect(parseDatabaseUrl({ DATABASE_URL, PORT: 'nonsense' })).toBe(DATABASE_URL);
    expect(() => parseDatabaseUrl({})).toThrow(/^DATABASE_URL is required/);
  });
});
