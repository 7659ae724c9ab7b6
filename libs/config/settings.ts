import type { BlockList } from 'node:net';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import {
  addressSet,
  bucketName,
  clientList,
  durationSeconds,
  emptyAsUnset,
  httpUrl,
  listenPort,
  onOff,
  originList,
  patienceSeconds,
  positiveInteger,
  ratio,
  retentionSeconds,
  schedule,
  storeUrl,
  trustedProxies,
  type TrustedProxies,
  wordList,
} from './setting-types';

const DAY_SECONDS = 86_400;
/** Those of the OpenTelemetry SDK, by their standard names. */
const TRACE_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const MIN_SECRET_BYTES = 32;
/** Longer than a load balancer takes to notice that a process is not ready any more. */
const PRODUCTION_SHUTDOWN_DELAY_SECONDS = 5;

/** One entry a variable. Messages name what is wrong and never repeat the value: it may be a secret. */
const schema = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development'),
  HOST: z.string('must be a host name or an address').default('127.0.0.1'),
  PORT: listenPort().default(3000),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be one of fatal, error, warn, info, debug, trace, silent',
    )
    .default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty'], 'must be json or pretty').optional(),
  DATABASE_URL: storeUrl('postgres://', 'postgresql://'),
  REDIS_URL: storeUrl('redis://', 'rediss://'),
  JWT_SECRET: z.string().optional(),
  JWT_KEYS_DIR: z.string().optional(),
  JWT_EXPIRES_IN: durationSeconds().default(DAY_SECONDS),
  SESSION_TTL: durationSeconds().default(DAY_SECONDS),
  SESSION_MAX_LIFETIME: durationSeconds().default(30 * DAY_SECONDS),
  MAX_SESSIONS_PER_USER: positiveInteger().optional(),
  NEAR_CACHE: onOff().default(false),
  NEAR_CACHE_MAX: positiveInteger().default(50_000),
  PASSWORD_QUEUE: positiveInteger().default(64),
  PASSWORD_CONTEXT_WORDS: wordList().default([]),
  BREACHED_PASSWORD_CHECK: onOff().default(false),
  BREACHED_PASSWORD_URL: httpUrl().default('https://api.pwnedpasswords.com'),
  INTROSPECTION_CLIENTS: clientList().default([]),
  RATE_LIMIT: onOff().default(true),
  LOGIN_LIMIT_PER_ACCOUNT: positiveInteger().default(10),
  LOGIN_LIMIT_PER_ADDRESS: positiveInteger().default(100),
  LOGIN_LIMIT_GLOBAL: positiveInteger().default(6000),
  REGISTER_LIMIT_PER_ADDRESS: positiveInteger().default(20),
  TRUST_PROXY: trustedProxies().optional(),
  CORS_ORIGINS: originList().default([]),
  HSTS: retentionSeconds().optional(),
  DOCS: onOff().optional(),
  MAX_CONNECTIONS: positiveInteger().default(10_000),
  PROFILE_TTL: durationSeconds().default(30 * 60),
  BLACKLIST_TTL: durationSeconds().default(DAY_SECONDS),
  AVATAR_DIR: z.string().default(join('.data', 'avatars')),
  AVATAR_S3_BUCKET: bucketName().optional(),
  AVATAR_S3_REGION: z.string().default('us-east-1'),
  AVATAR_S3_ENDPOINT: httpUrl().optional(),
  AVATAR_S3_ACCESS_KEY_ID: z.string().optional(),
  AVATAR_S3_SECRET_ACCESS_KEY: z.string().optional(),
  AUDIT_RETENTION: retentionSeconds().default(90 * DAY_SECONDS),
  JOBS_ENABLED: onOff().default(true),
  CLEAN_UP_CRON: schedule().default('0 * * * *'),
  REDIS_CHECK_CRON: schedule().default('*/5 * * * *'),
  METRICS_PORT: listenPort().optional(),
  METRICS_ALLOW: addressSet().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional(),
  OTEL_SERVICE_NAME: z.string().default('latchkey'),
  OTEL_TRACES_SAMPLER: z
    .enum(TRACE_SAMPLERS, `must be one of ${TRACE_SAMPLERS.join(', ')}`)
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: ratio().default(1),
  START_TIMEOUT: patienceSeconds().default(60),
  SHUTDOWN_DELAY: patienceSeconds('0s').optional(),
  SHUTDOWN_TIMEOUT: patienceSeconds().default(10),
});

/** A variable is missing or wrong. One sentence that names it; never its value. */
export class SettingsError extends Error {
  constructor(
    readonly variable: string,
    problem: string,
  ) {
    super(`${variable} ${problem}.`);
    this.name = 'SettingsError';
  }
}

/** What tokens are signed with: a secret, HS256; or a directory of keys, ES256. Never both. */
export type JwtKeys = { secret: string } | { directory: string };

/** Where avatars are kept: in a directory, or in a bucket of an S3-compatible service. */
export type AvatarStorageSettings =
  | { directory: string }
  | {
      s3: {
        bucket: string;
        region: string;
        endpoint: string | undefined;
        credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
      };
    };

/** How many attempts are let through in a minute. */
export interface RateLimitSettings {
  enabled: boolean;
  /** Of one account, from one address. */
  loginsPerAccount: number;
  loginsPerAddress: number;
  loginsGlobal: number;
  registrationsPerAddress: number;
}

/** What new passwords are held against, and how many may wait to be hashed. */
export interface PasswordSettings {
  maxWaiting: number;
  /** Names that nobody may take as a password. */
  contextWords: readonly string[];
  /** Undefined: no service is asked. */
  breachServiceUrl: string | undefined;
}

/** Where traces go, and which ones. */
export interface TracingSettings {
  /** Of an OTLP collector over HTTP; traces go to `/v1/traces` below it. */
  endpoint: string;
  serviceName: string;
  sampler: (typeof TRACE_SAMPLERS)[number];
  /** Of the samplers by ratio: the share of traces that is recorded. */
  samplerRatio: number;
}

/** The typed, validated configuration. Durations in seconds. Injected by its class. */
export class Settings {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly logLevel: z.output<typeof schema>['LOG_LEVEL'];
  readonly logFormat: 'json' | 'pretty';
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly jwtKeys: JwtKeys;
  readonly jwtExpiresInSeconds: number;
  readonly sessionTtlSeconds: number;
  readonly sessionMaxLifetimeSeconds: number;
  /** Undefined: no limit. */
  readonly maxSessionsPerUser: number | undefined;
  /** How many sessions this process keeps in its memory. Undefined: none. */
  readonly nearCacheMaxSessions: number | undefined;
  readonly passwords: PasswordSettings;
  readonly introspectionClients: readonly { id: string; secret: string }[];
  readonly rateLimits: RateLimitSettings;
  /** Whose word on a client's address counts. Undefined: nobody's. */
  readonly trustedProxies: TrustedProxies | undefined;
  /** Sites whose pages may call the API from a browser. */
  readonly corsOrigins: readonly string[];
  /** For how long browsers shall use HTTPS only. Undefined: nothing is said of it. */
  readonly hstsSeconds: number | undefined;
  readonly maxConnections: number;
  /** Whether Swagger UI and the OpenAPI document are served. */
  readonly docs: boolean;
  readonly profileTtlSeconds: number;
  readonly blacklistTtlSeconds: number;
  readonly avatarStorage: AvatarStorageSettings;
  /** How long security events are kept. */
  readonly auditRetentionSeconds: number;
  /** Whether this process does what is due by the clock. */
  readonly jobsEnabled: boolean;
  /** When the clean-up is due, a cron expression, UTC; null: never. */
  readonly cleanUpCron: string | null;
  readonly redisCheckCron: string | null;
  /** Of a listener for metrics alone. Undefined: they are served beside the API. */
  readonly metricsPort: number | undefined;
  /** Who may read metrics. Undefined: everybody; in production only at a port of their own. */
  readonly metricsAllow: BlockList | undefined;
  /** Undefined: nothing is traced. */
  readonly tracing: TracingSettings | undefined;
  /** How long the start waits for Postgres. */
  readonly startTimeoutSeconds: number;
  /** How long the process, asked to stop, goes on serving. */
  readonly shutdownDelaySeconds: number;
  /** How long, after that, requests in flight and stores may take to finish. */
  readonly shutdownTimeoutSeconds: number;

  constructor(parsed: z.output<typeof schema>) {
    this.production = parsed.NODE_ENV === 'production';
    this.host = parsed.HOST;
    this.port = parsed.PORT;
    this.logLevel = parsed.LOG_LEVEL;
    this.logFormat = parsed.LOG_FORMAT ?? (this.production ? 'json' : 'pretty');
    this.databaseUrl = parsed.DATABASE_URL;
    this.redisUrl = parsed.REDIS_URL;
    this.jwtKeys = jwtKeysOf(parsed);
    this.jwtExpiresInSeconds = parsed.JWT_EXPIRES_IN;
    this.sessionTtlSeconds = parsed.SESSION_TTL;
    this.sessionMaxLifetimeSeconds = parsed.SESSION_MAX_LIFETIME;
    this.maxSessionsPerUser = parsed.MAX_SESSIONS_PER_USER;
    this.nearCacheMaxSessions = parsed.NEAR_CACHE ? parsed.NEAR_CACHE_MAX : undefined;
    this.passwords = {
      maxWaiting: parsed.PASSWORD_QUEUE,
      contextWords: parsed.PASSWORD_CONTEXT_WORDS,
      breachServiceUrl: parsed.BREACHED_PASSWORD_CHECK ? parsed.BREACHED_PASSWORD_URL : undefined,
    };
    this.introspectionClients = parsed.INTROSPECTION_CLIENTS;
    this.rateLimits = {
      enabled: parsed.RATE_LIMIT,
      loginsPerAccount: parsed.LOGIN_LIMIT_PER_ACCOUNT,
      loginsPerAddress: parsed.LOGIN_LIMIT_PER_ADDRESS,
      loginsGlobal: parsed.LOGIN_LIMIT_GLOBAL,
      registrationsPerAddress: parsed.REGISTER_LIMIT_PER_ADDRESS,
    };
    this.trustedProxies = parsed.TRUST_PROXY;
    this.corsOrigins = parsed.CORS_ORIGINS;
    this.hstsSeconds = parsed.HSTS;
    this.maxConnections = parsed.MAX_CONNECTIONS;
    this.docs = parsed.DOCS ?? !this.production;
    this.profileTtlSeconds = parsed.PROFILE_TTL;
    this.blacklistTtlSeconds = parsed.BLACKLIST_TTL;
    this.avatarStorage = avatarStorageOf(parsed);
    this.auditRetentionSeconds = parsed.AUDIT_RETENTION;
    this.jobsEnabled = parsed.JOBS_ENABLED;
    this.cleanUpCron = parsed.CLEAN_UP_CRON;
    this.redisCheckCron = parsed.REDIS_CHECK_CRON;
    this.metricsPort = parsed.METRICS_PORT;
    this.metricsAllow = parsed.METRICS_ALLOW;
    this.tracing = tracingOf(parsed);
    this.startTimeoutSeconds = parsed.START_TIMEOUT;
    this.shutdownDelaySeconds =
      parsed.SHUTDOWN_DELAY ?? (this.production ? PRODUCTION_SHUTDOWN_DELAY_SECONDS : 0);
    this.shutdownTimeoutSeconds = parsed.SHUTDOWN_TIMEOUT;
  }
}

/**
 * Reads the settings out of environment variables; an empty variable counts as unset.
 * @throws SettingsError for the first variable that is wrong.
 */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = check(schema, env);
  if (parsed.SESSION_MAX_LIFETIME < parsed.SESSION_TTL) {
    throw new SettingsError('SESSION_MAX_LIFETIME', 'must not be shorter than SESSION_TTL');
  }
  if (parsed.METRICS_PORT === parsed.PORT && parsed.PORT !== 0) {
    throw new SettingsError('METRICS_PORT', 'must be another port than PORT');
  }
  return new Settings(parsed);
}

/** The one setting that bringing the tables up to date needs. @throws SettingsError */
export function parseDatabaseUrl(env: Readonly<Record<string, string | undefined>>): string {
  return check(schema.pick({ DATABASE_URL: true }), env).DATABASE_URL;
}

/** The one setting that making a key needs. @throws SettingsError */
export function parseKeysDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const { JWT_KEYS_DIR } = check(schema.pick({ JWT_KEYS_DIR: true }), env);
  if (JWT_KEYS_DIR === undefined) {
    throw new SettingsError('JWT_KEYS_DIR', 'is required: set the directory that holds the keys');
  }
  return JWT_KEYS_DIR;
}

function check<Output>(
  rules: z.ZodType<Output>,
  env: Readonly<Record<string, string | undefined>>,
): Output {
  const result = rules.safeParse(emptyAsUnset(env));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new SettingsError(issue?.path.join('.') ?? 'environment', issue?.message ?? 'is invalid');
  }
  return result.data;
}

/** Where there are keys, the secret is not even looked at. */
function jwtKeysOf({ JWT_KEYS_DIR, JWT_SECRET, NODE_ENV }: z.output<typeof schema>): JwtKeys {
  if (JWT_KEYS_DIR !== undefined) {
    return { directory: JWT_KEYS_DIR };
  }
  if (JWT_SECRET === undefined) {
    throw new SettingsError(
      'JWT_SECRET',
      'is required: set a random secret of at least 32 bytes, or JWT_KEYS_DIR',
    );
  }
  if (NODE_ENV === 'production') {
    refuseWeakSecret(JWT_SECRET);
  }
  return { secret: JWT_SECRET };
}

function tracingOf(parsed: z.output<typeof schema>): TracingSettings | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = parsed;
  return endpoint === undefined
    ? undefined
    : {
        endpoint,
        serviceName: parsed.OTEL_SERVICE_NAME,
        sampler: parsed.OTEL_TRACES_SAMPLER,
        samplerRatio: parsed.OTEL_TRACES_SAMPLER_ARG,
      };
}

/** Where there is a bucket, the directory is not even looked at. */
function avatarStorageOf(parsed: z.output<typeof schema>): AvatarStorageSettings {
  const { AVATAR_S3_ACCESS_KEY_ID: accessKeyId, AVATAR_S3_SECRET_ACCESS_KEY: secretAccessKey } =
    parsed;
  if (parsed.AVATAR_S3_BUCKET === undefined) {
    return { directory: resolve(parsed.AVATAR_DIR) };
  }
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw new SettingsError(
      accessKeyId === undefined ? 'AVATAR_S3_ACCESS_KEY_ID' : 'AVATAR_S3_SECRET_ACCESS_KEY',
      'is required where the other half of the key is set',
    );
  }
  return {
    s3: {
      bucket: parsed.AVATAR_S3_BUCKET,
      region: parsed.AVATAR_S3_REGION,
      endpoint: parsed.AVATAR_S3_ENDPOINT,
      credentials:
        accessKeyId !== undefined && secretAccessKey !== undefined
          ? { accessKeyId, secretAccessKey }
          : undefined,
    },
  };
}

/** RFC 7518 section 3.2: an HS256 key has at least as many bits as the hash. */
function refuseWeakSecret(secret: string): void {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw new SettingsError('JWT_SECRET', 'must be at least 32 bytes long in production');
  }
  if (new Set(secret).size < 8) {
    throw new SettingsError('JWT_SECRET', 'must be random: it repeats too few characters');
  }
}
