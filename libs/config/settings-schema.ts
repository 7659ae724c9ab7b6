import { z } from 'zod';
import { attributeList } from './attribute-list';
import { databaseUrl } from './database-url';
import { redisUrl } from './redis-url';
import {
  addressList,
  addressSet,
  bucketName,
  clientList,
  durationSeconds,
  httpUrl,
  listenHost,
  listenPort,
  onOff,
  originList,
  positiveInteger,
  ratio,
  retentionSeconds,
  schedule,
  timeoutSeconds,
  trustedProxies,
  wordList,
} from './setting-types';

declare module 'zod' {
  /** The declaration of a setting, in addition to its type and its default. */
  interface GlobalMeta {
    /** Name of the environment variable. */
    env: string;
    /** One or more sentences for operators. Plain text, with code in backticks. */
    description: string;
    /** Values as operators write them, where there is no default. */
    examples?: string[];
    /** The effect of leaving the setting unset, if it is more than one default value. */
    unset?: string;
    /** Whether the value is a secret: `<env>_FILE` may name a file that holds it. */
    secret?: boolean;
  }
}

/** The standard names of the OpenTelemetry SDK. */
const TRACE_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Cron expressions in UTC. */
export const DEFAULT_SCHEDULES = { cleanUp: '0 * * * *', redisCheck: '*/5 * * * *' } as const;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/**
 * All settings. Each is declared once: field of `Settings`, type, default (`prefault`: as operators write it), and
 * description. `npm run settings` generates `.env.example` and docs/settings.md from it. Messages name the problem and
 * never repeat the value, which may be a secret.
 */
export const SETTINGS_BY_TOPIC = {
  Process: {
    nodeEnv: z
      .enum(['development', 'test', 'production'], 'must be development, test or production')
      .prefault('development')
      .meta({
        env: 'NODE_ENV',
        description:
          'The mode: development, test or production. In production the required settings have no local replacement, and `JWT_SECRET` must be strong.',
      }),
    host: listenHost().prefault('127.0.0.1').meta({
      env: 'HOST',
      description:
        'Host name or address on which the API listens. In a container set it to `0.0.0.0`.',
    }),
    port: listenPort().prefault('3000').meta({
      env: 'PORT',
      description: 'Port on which the API listens. `0` takes a free port.',
    }),
    maxConnections: positiveInteger().prefault('10000').meta({
      env: 'MAX_CONNECTIONS',
      description: 'Maximum number of open client connections. Further connections are closed.',
    }),
    startTimeoutSeconds: timeoutSeconds().prefault('60s').meta({
      env: 'START_TIMEOUT',
      description: 'How long the start waits for Postgres before it fails.',
    }),
    shutdownDelaySeconds: timeoutSeconds('0s')
      .optional()
      .meta({
        env: 'SHUTDOWN_DELAY',
        description:
          'How long requests are served after SIGTERM, while readiness fails, so that the load balancer removes the instance first.',
        examples: ['5s'],
        unset: '5s in production; 0s otherwise, and with `npm start`',
      }),
    shutdownTimeoutSeconds: timeoutSeconds().prefault('10s').meta({
      env: 'SHUTDOWN_TIMEOUT',
      description:
        'How long requests in flight may take after `SHUTDOWN_DELAY`; then the process ends without them. The supervisor that kills the process (`terminationGracePeriodSeconds` in Kubernetes) must wait longer than both together.',
      unset: '`npm start` sets 4s',
    }),
  },

  Postgres: {
    databaseUrl: databaseUrl().meta({
      env: 'DATABASE_URL',
      secret: true,
      description:
        'Address of Postgres 15 or later. `npm start` starts its own Postgres where this is unset. docs/postgres.md describes several hosts, TLS, another schema and PgBouncer; other parameters are refused.',
      examples: [
        'postgres://user:password@localhost:5432/latchkey',
        'postgres://user:password@a:5432,b:5432/latchkey?sslmode=verify-full&sslrootcert=/etc/postgres-ca.pem',
      ],
    }),
    databasePoolMax: positiveInteger().prefault('10').meta({
      env: 'DATABASE_POOL_MAX',
      description:
        'Maximum number of connections in the Postgres pool of this process. A process opens up to 4 more: 2 for the outbox and readiness, and 1 for each of two jobs while it runs. 1 is enough for all functions. This holds for the API and for a command of the command line. The sum over all processes must fit into the connection limits of the role, the database and the server.',
    }),
  },

  Redis: {
    redisUrl: redisUrl().meta({
      env: 'REDIS_URL',
      secret: true,
      description:
        'Address of Redis 7.0 or later, or Valkey 8 or later: `redis[s]://[[user]:password@]host[:port][/database][?family=4|6]`. `rediss` means TLS. `npm start` starts its own Redis where this is unset. docs/redis.md lists the permissions that the user needs.',
      examples: ['redis://localhost:6379'],
    }),
    redisSentinels: addressList(26_379)
      .optional()
      .meta({
        env: 'REDIS_SENTINELS',
        description:
          'Redis Sentinels that know the master: `host:port,host:port`, port 26379 by default. `REDIS_URL` then gives user, password, database and TLS; its host and port are not used.',
        examples: ['sentinel-a,sentinel-b,sentinel-c', '10.0.0.1:26379,[2001:db8::1]:26379'],
        unset: '`REDIS_URL` is the address of the master',
      }),
    redisSentinelName: z
      .string()
      .optional()
      .meta({
        env: 'REDIS_SENTINEL_NAME',
        description: 'Name of the master in the configuration of the Sentinels.',
        examples: ['mymaster'],
        unset: 'required with `REDIS_SENTINELS`',
      }),
    redisSentinelUser: z.string().optional().meta({
      env: 'REDIS_SENTINEL_USER',
      secret: true,
      description: 'User name at the Sentinels themselves.',
      unset: 'the default user',
    }),
    redisSentinelPassword: z.string().optional().meta({
      env: 'REDIS_SENTINEL_PASSWORD',
      secret: true,
      description: 'Password at the Sentinels themselves.',
      unset: 'the Sentinels ask for none',
    }),
    redisSentinelTls: onOff().prefault('off').meta({
      env: 'REDIS_SENTINEL_TLS',
      description: 'Whether connections to the Sentinels use TLS: `on` or `off`.',
    }),
    redisClusterNodes: addressList(6379)
      .optional()
      .meta({
        env: 'REDIS_CLUSTER_NODES',
        description:
          'Nodes of a Redis Cluster, from which the other nodes are learnt: `host:port,host:port`, port 6379 by default. `REDIS_URL` then gives user, password and TLS; its host and port are not used.',
        examples: ['node-a:6379,node-b:6379,node-c:6379'],
        unset: 'Redis is no Cluster',
      }),
    redisCaFile: z
      .string()
      .optional()
      .meta({
        env: 'REDIS_CA_FILE',
        description:
          'File with the certificates, in PEM, of the authorities that are trusted for Redis and its Sentinels, and no others. This file and the next two are read again at each new connection.',
        examples: ['/etc/redis/ca.pem'],
        unset: 'the authorities of Node and of `NODE_EXTRA_CA_CERTS`',
      }),
    redisCertFile: z
      .string()
      .optional()
      .meta({
        env: 'REDIS_CERT_FILE',
        description: 'File with the client certificate for Redis and its Sentinels, in PEM.',
        examples: ['/etc/redis/client.pem'],
        unset: 'no client certificate',
      }),
    redisKeyFile: z
      .string()
      .optional()
      .meta({
        env: 'REDIS_KEY_FILE',
        description: 'File with the key of the client certificate, in PEM, unencrypted.',
        examples: ['/etc/redis/client-key.pem'],
        unset: 'required with `REDIS_CERT_FILE`',
      }),
  },

  'Tokens and sessions': {
    jwtSecret: z.string().optional().meta({
      env: 'JWT_SECRET',
      secret: true,
      description:
        'Key of the HS256 signature. In production at least 32 random bytes, for example from `openssl rand -base64 48`; a placeholder such as `change-me` or a secret of these examples is refused, here, in `INTROSPECTION_CLIENTS` and as the password of a store.',
      unset: 'required without `JWT_KEYS_DIR`; `npm start` generates a secret once',
    }),
    jwtKeysDir: z
      .string()
      .optional()
      .meta({
        env: 'JWT_KEYS_DIR',
        description:
          'Directory of ES256 keys; it replaces `JWT_SECRET`. Tokens are signed with the active key, and `/.well-known/jwks.json` lists the public keys. `latchkey keys add` creates the first key. See docs/security.md.',
        examples: ['/var/lib/latchkey/keys'],
        unset: 'tokens are signed with `JWT_SECRET`',
      }),
    jwtAcceptedSecret: z.string().optional().meta({
      env: 'JWT_ACCEPTED_SECRET',
      secret: true,
      description:
        'A second secret: its tokens are accepted, and none is signed with it. For a change of keys without a refused token: the next secret while instances restart with it, then the earlier one until its last token has expired. As strong as `JWT_SECRET`. See docs/operations.md.',
      unset: 'one secret or directory at a time',
    }),
    jwtAcceptedKeysDir: z
      .string()
      .optional()
      .meta({
        env: 'JWT_ACCEPTED_KEYS_DIR',
        description:
          'A directory as for `JWT_KEYS_DIR` whose keys are accepted and published, and do not sign: for a change between `JWT_SECRET` and `JWT_KEYS_DIR`. See docs/operations.md.',
        examples: ['/var/lib/latchkey/keys'],
        unset: 'one secret or directory at a time',
      }),
    jwtExpiresInSeconds: durationSeconds().prefault('24h').meta({
      env: 'JWT_EXPIRES_IN',
      description: 'Lifetime of an access token. A token never outlives its session.',
    }),
    sessionTtlSeconds: durationSeconds().prefault('24h').meta({
      env: 'SESSION_TTL',
      description: 'Lifetime of a session from sign-in or its last refresh.',
    }),
    sessionMaxLifetimeSeconds: durationSeconds().prefault('30d').meta({
      env: 'SESSION_MAX_LIFETIME',
      description:
        'Lifetime of a session from sign-in, regardless of refreshes. At least `SESSION_TTL`.',
    }),
    rememberTtlSeconds: durationSeconds().prefault('30d').meta({
      env: 'REMEMBER_TTL',
      description:
        'Lifetime of a session from sign-in or its last refresh, if the user asked to be remembered (`remember` of a sign-in).',
    }),
    rememberMaxLifetimeSeconds: durationSeconds().prefault('90d').meta({
      env: 'REMEMBER_MAX_LIFETIME',
      description:
        'Lifetime of a remembered session from sign-in, regardless of refreshes. At least `REMEMBER_TTL`.',
    }),
    sessionIdleTimeoutSeconds: durationSeconds({ min: '1m', max: '366d', examples: '15m or 24h' })
      .optional()
      .meta({
        env: 'SESSION_IDLE_TIMEOUT',
        description:
          'A session ends that is not used for so long, remembered or not. Every request that is admitted is a use. Exact to a minute: a session may end up to 1 minute early. Use the same value on all instances.',
        examples: ['15m', '24h'],
        unset: 'a session that is not used lives until it expires',
      }),
    recentAuthTtlSeconds: durationSeconds().prefault('10m').meta({
      env: 'RECENT_AUTH_TTL',
      description:
        'How long a sign-in or `POST /api/auth/reauthenticate` counts as a recent proof of identity, for calls that ask for one.',
    }),
    verifyAttributes: attributeList()
      .default([])
      .meta({
        env: 'VERIFY_ATTRIBUTES',
        description:
          'Attributes of the session that `/api/auth/verify` tells as headers, percent-encoded: `orgId` as `X-Session-Org-Id`.',
        examples: ['plan,orgId'],
        unset: 'no attribute',
      }),
    maxSessionsPerUser: positiveInteger().prefault('100').meta({
      env: 'MAX_SESSIONS_PER_USER',
      description:
        'Maximum number of sessions per user. A sign-in beyond it ends the oldest session.',
    }),
    nearCache: onOff().prefault('off').meta({
      env: 'NEAR_CACHE',
      description:
        'Whether this process keeps sessions that Redis has confirmed in memory for 5 s, so that checking them needs no Redis command: `on` or `off`. Another instance then refuses a revoked session up to 1 s after the answer to the revocation. See docs/near-cache.md.',
    }),
    nearCacheMaxSessions: positiveInteger().prefault('50000').meta({
      env: 'NEAR_CACHE_MAX',
      description:
        'Maximum number of sessions in the near cache. A session with its profile takes about 2 KiB.',
    }),
    profileTtlSeconds: durationSeconds().prefault('30m').meta({
      env: 'PROFILE_TTL',
      description: 'Lifetime of a cached profile.',
    }),
    blacklistTtlSeconds: durationSeconds().prefault('24h').meta({
      env: 'BLACKLIST_TTL',
      description:
        "Maximum lifetime of a revoked session's tombstone in Redis. A tombstone lives until 1 minute after the last access token of its session has expired: with `JWT_EXPIRES_IN=15m` at most 16 minutes. It lives at least 5 s with any value, so that a write in flight to Redis finds it. The maximum does not apply while Postgres is unavailable.",
    }),
    publicUrl: httpUrl()
      .transform((url) => url.replace(/\/+$/, ''))
      .optional()
      .meta({
        env: 'PUBLIC_URL',
        description:
          'The address at which clients reach the API: the claim `iss` of access tokens, and the addresses in `/.well-known/oauth-authorization-server`. Tokens that were issued before it was set stay valid; change it at all instances at once.',
        examples: ['https://auth.example.com'],
        unset: '`iss` is `latchkey`, and there is no such document',
      }),
    introspectionClients: clientList()
      .default([])
      .meta({
        env: 'INTROSPECTION_CLIENTS',
        secret: true,
        description:
          'Services that may call `/api/auth/introspect`, `/api/auth/revocations` and `/api/auth/sessions/{id}/attributes` with HTTP Basic: `id:secret,id:secret`, with secrets of at least 16 characters.',
        examples: ['billing:a-long-random-secret'],
        unset: 'no client',
      }),
    maxRevocationSubscribers: positiveInteger().prefault('1000').meta({
      env: 'MAX_REVOCATION_SUBSCRIBERS',
      description:
        'Maximum number of open streams of revocations (`/api/auth/revocations`) of this instance. Further ones are refused by 503. A service needs one for each of its processes.',
    }),
  },

  Accounts: {
    registration: z
      .enum(['open', 'invite', 'closed'], 'must be open, invite or closed')
      .prefault('open')
      .meta({
        env: 'REGISTRATION',
        description:
          'Who may register: `open` for all clients, `invite` for those with an invitation of an administrator, `closed` for none. Administrators create accounts in any case. See docs/administration.md.',
      }),
  },

  Passwords: {
    passwordQueueMax: positiveInteger().prefault('64').meta({
      env: 'PASSWORD_QUEUE',
      description:
        'Maximum number of attempts in this process that wait to hash a password. Beyond it, an attempt of the client with the most waiting attempts is answered 503 `overloaded`. See docs/limits.md.',
    }),
    passwordContextWords: wordList()
      .default([])
      .meta({
        env: 'PASSWORD_CONTEXT_WORDS',
        description:
          'Names of your products and your organisation that are refused as passwords, in addition to `latchkey`. docs/passwords.md describes the other rules.',
        examples: ['acme,acme shop'],
        unset: 'no further names',
      }),
    breachedPasswordCheck: onOff().prefault('off').meta({
      env: 'BREACHED_PASSWORD_CHECK',
      description:
        'Whether new passwords are looked up in data breaches: `on` or `off`. Only the first five digits of a hash leave the process.',
    }),
    breachedPasswordUrl: httpUrl().prefault('https://api.pwnedpasswords.com').meta({
      env: 'BREACHED_PASSWORD_URL',
      description: 'Address of the breach service: Have I Been Pwned or a mirror.',
    }),
  },

  'Rate limits': {
    rateLimit: onOff().prefault('on').meta({
      env: 'RATE_LIMIT',
      description:
        'Whether sign-ins, registrations, proofs of a password and refreshes are limited per minute: `on` or `off`. Attempts are counted in Redis for all instances together, and by each instance while Redis is unavailable. See docs/limits.md.',
    }),
    loginLimitPerAccount: positiveInteger().prefault('10').meta({
      env: 'LOGIN_LIMIT_PER_ACCOUNT',
      description:
        'Sign-ins per minute for one account from one address. The wait doubles with each further attempt, up to 15 minutes.',
    }),
    loginLimitPerAddress: positiveInteger().prefault('100').meta({
      env: 'LOGIN_LIMIT_PER_ADDRESS',
      description:
        'Sign-ins per minute from one address, for any account. Of IPv6 a /64 counts as one address; a /56 has twice each limit of an address, a /48 four times.',
    }),
    registerLimitPerAddress: positiveInteger().prefault('20').meta({
      env: 'REGISTER_LIMIT_PER_ADDRESS',
      description: 'New accounts per minute from one address.',
    }),
    refreshLimitPerAddress: positiveInteger().prefault('120').meta({
      env: 'REFRESH_LIMIT_PER_ADDRESS',
      description:
        'Failed refreshes per minute from one address. Successful refreshes do not count: many users may share a gateway.',
    }),
  },

  HTTP: {
    trustedProxies: trustedProxies()
      .optional()
      .meta({
        env: 'TRUST_PROXY',
        description:
          'Proxies in front of this process: their number, or their addresses and networks. Only the entries that these proxies write into `X-Forwarded-For` are used.',
        examples: ['1', '10.0.0.0/8,192.168.0.0/16'],
        unset: 'the client address is that of the connection',
      }),
    corsOrigins: originList()
      .default([])
      .meta({
        env: 'CORS_ORIGINS',
        description:
          'Origins of the pages and apps that may call the API from a browser, as browsers send them: no path, no trailing slash, no default port, no wildcard.',
        examples: ['https://app.example.com,http://localhost:5173,capacitor://localhost'],
        unset: 'none',
      }),
    cookies: onOff().prefault('off').meta({
      env: 'COOKIES',
      description:
        'Whether a sign-in may ask for its tokens in cookies that no script can read: `on` or `off`. Requests of pages are then admitted by these cookies. Set `PUBLIC_URL` as browsers see the API. See docs/cookies.md.',
    }),
    hstsSeconds: retentionSeconds()
      .optional()
      .meta({
        env: 'HSTS',
        description:
          'How long browsers use HTTPS only (`Strict-Transport-Security`). Leave it unset where a proxy terminates TLS and sends the header itself.',
        examples: ['365d'],
        unset: 'the header is not sent',
      }),
    docs: onOff()
      .optional()
      .meta({
        env: 'DOCS',
        description: 'Whether Swagger UI at `/docs` and the OpenAPI document are served.',
        examples: ['on'],
        unset: 'off in production, on otherwise',
      }),
  },

  Avatars: {
    avatarDir: z.string().prefault('.data/avatars').meta({
      env: 'AVATAR_DIR',
      description:
        'Directory of the avatars. All instances need the same one, or a bucket. In a container set it to a volume.',
    }),
    avatarS3Bucket: bucketName()
      .optional()
      .meta({
        env: 'AVATAR_S3_BUCKET',
        description:
          'Bucket of an S3-compatible service for the avatars. It replaces `AVATAR_DIR`.',
        examples: ['latchkey-avatars'],
        unset: 'avatars are stored in `AVATAR_DIR`',
      }),
    avatarS3Region: z.string().prefault('us-east-1').meta({
      env: 'AVATAR_S3_REGION',
      description: 'Region of the bucket.',
    }),
    avatarS3Endpoint: httpUrl()
      .optional()
      .meta({
        env: 'AVATAR_S3_ENDPOINT',
        description: 'Address of the S3-compatible service.',
        examples: ['https://s3.example.com'],
        unset: "Amazon's service",
      }),
    avatarS3AccessKeyId: z.string().optional().meta({
      env: 'AVATAR_S3_ACCESS_KEY_ID',
      secret: true,
      description: 'Id of the access key for the bucket. Set both halves of the key, or neither.',
      unset: 'the AWS SDK searches for credentials in its usual places',
    }),
    avatarS3SecretAccessKey: z.string().optional().meta({
      env: 'AVATAR_S3_SECRET_ACCESS_KEY',
      secret: true,
      description: 'Secret of the access key for the bucket.',
      unset: 'as with `AVATAR_S3_ACCESS_KEY_ID`',
    }),
  },

  'Jobs and audit events': {
    jobsEnabled: onOff().prefault('true').meta({
      env: 'JOBS_ENABLED',
      description:
        'Whether this process runs scheduled jobs: `true` or `false`. One process at a time runs a job.',
    }),
    canary: onOff().prefault('on').meta({
      env: 'CANARY',
      description:
        'Whether this process opens a session of a reserved subject once a minute, ends it, and measures how long it is accepted: `on` or `off`. See the metric `latchkey_revocation_reach_seconds`.',
    }),
    canaryPeers: originList()
      .default([])
      .meta({
        env: 'CANARY_PEERS',
        description:
          'Origins of all instances, at which the canary tries its session. An http host name with several addresses, such as that of a headless Service of Kubernetes, stands for all of them.',
        examples: ['http://latchkey-headless:3000'],
        unset: 'this process alone',
      }),
    cleanUpCron: schedule().prefault(DEFAULT_SCHEDULES.cleanUp).meta({
      env: 'CLEAN_UP_CRON',
      description:
        'Schedule of the clean-up: a cron expression in UTC, or `off`. `latchkey clean-up` runs the job on demand.',
    }),
    redisCheckCron: schedule().prefault(DEFAULT_SCHEDULES.redisCheck).meta({
      env: 'REDIS_CHECK_CRON',
      description:
        'Schedule of the Redis check: a cron expression in UTC, or `off`. `latchkey redis-check` runs the job on demand.',
    }),
    auditRetentionSeconds: retentionSeconds().prefault('90d').meta({
      env: 'AUDIT_RETENTION',
      description:
        'How long audit events are kept, from 1d to 3660d. The clean-up deletes older ones.',
    }),
  },

  'Logs, metrics and traces': {
    logLevel: z
      .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
      .prefault('info')
      .meta({
        env: 'LOG_LEVEL',
        description: `Least severe level that is logged: ${LOG_LEVELS.join(', ')}.`,
      }),
    logFormat: z
      .enum(['json', 'pretty'], 'must be json or pretty')
      .optional()
      .meta({
        env: 'LOG_FORMAT',
        description:
          '`json`: one object per line. `pretty`: for people, where the package pino-pretty is installed.',
        examples: ['json'],
        unset: 'json in production, pretty otherwise',
      }),
    metricsPort: listenPort()
      .optional()
      .meta({
        env: 'METRICS_PORT',
        description:
          'Port on `HOST` of a separate listener for `GET /metrics`. Not the same as `PORT`.',
        examples: ['9464'],
        unset: 'metrics are served on the port of the API',
      }),
    metricsAllow: addressSet()
      .optional()
      .meta({
        env: 'METRICS_ALLOW',
        description: 'IP addresses and networks that may read metrics.',
        examples: ['127.0.0.1,10.0.0.0/8'],
        unset:
          'every client that reaches the port; in production none, unless `METRICS_PORT` is set',
      }),
    otlpEndpoint: httpUrl()
      .optional()
      .meta({
        env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
        description:
          'Address of an OpenTelemetry collector that accepts OTLP over HTTP. docs/traces.md describes what is recorded.',
        examples: ['http://localhost:4318'],
        unset: 'nothing is traced',
      }),
    traceServiceName: z.string().prefault('latchkey').meta({
      env: 'OTEL_SERVICE_NAME',
      description: 'Service name in the traces.',
    }),
    traceSampler: z
      .enum(TRACE_SAMPLERS, `must be one of ${TRACE_SAMPLERS.join(', ')}`)
      .prefault('parentbased_always_on')
      .meta({
        env: 'OTEL_TRACES_SAMPLER',
        description: `Which requests are traced: ${TRACE_SAMPLERS.join(', ')}.`,
      }),
    traceSamplerRatio: ratio().prefault('1').meta({
      env: 'OTEL_TRACES_SAMPLER_ARG',
      description:
        'Share of requests, from 0 to 1, that traceidratio and parentbased_traceidratio trace.',
    }),
  },
};

export const settingsSchema = z.object({
  ...SETTINGS_BY_TOPIC.Process,
  ...SETTINGS_BY_TOPIC.Postgres,
  ...SETTINGS_BY_TOPIC.Redis,
  ...SETTINGS_BY_TOPIC['Tokens and sessions'],
  ...SETTINGS_BY_TOPIC.Accounts,
  ...SETTINGS_BY_TOPIC.Passwords,
  ...SETTINGS_BY_TOPIC['Rate limits'],
  ...SETTINGS_BY_TOPIC.HTTP,
  ...SETTINGS_BY_TOPIC.Avatars,
  ...SETTINGS_BY_TOPIC['Jobs and audit events'],
  ...SETTINGS_BY_TOPIC['Logs, metrics and traces'],
});

/** The declared settings, by field. Durations in seconds. */
export type DeclaredSettings = z.output<typeof settingsSchema>;
