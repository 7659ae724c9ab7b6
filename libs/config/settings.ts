import { randomBytes } from 'node:crypto';
import type { BlockList } from 'node:net';
import type { z } from 'zod';
import { refuseExampleSecrets } from './example-secret';
import { emptyAsUnset, type TrustedProxies } from './setting-types';
import { SettingsError } from './settings-error';
import { settingsSchema, type ParsedSettings } from './settings-schema';
import {
  avatarStorageOf,
  jwtKeysOf,
  tracingOf,
  type AvatarStorageSettings,
  type JwtKeys,
  type PasswordSettings,
  type RateLimitSettings,
  type TracingSettings,
} from './settings-sections';

/** Longer than a load balancer takes to notice that a process is not ready any more. */
const PRODUCTION_SHUTDOWN_DELAY_SECONDS = 5;

/** The typed, validated configuration. Durations in seconds. Injected by its class. */
export class Settings {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly logLevel: ParsedSettings['LOG_LEVEL'];
  readonly logFormat: 'json' | 'pretty';
  readonly databaseUrl: string;
  /** Connections of the pool at most. */
  readonly databasePoolMax: number;
  readonly redisUrl: string;
  readonly jwtKeys: JwtKeys;
  readonly jwtExpiresInSeconds: number;
  readonly sessionTtlSeconds: number;
  readonly sessionMaxLifetimeSeconds: number;
  /** Undefined: no limit. */
  readonly maxSessionsPerUser: number;
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
  /** How long audit events are kept. */
  readonly auditRetentionSeconds: number;
  /** Whether this process runs scheduled jobs. */
  readonly jobsEnabled: boolean;
  /** Schedule of the clean-up, a cron expression, UTC. Undefined: the job's default; null: off. */
  readonly cleanUpCron: string | null | undefined;
  readonly redisCheckCron: string | null | undefined;
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

  constructor(parsed: ParsedSettings) {
    this.production = parsed.NODE_ENV === 'production';
    this.host = parsed.HOST;
    this.port = parsed.PORT;
    this.logLevel = parsed.LOG_LEVEL;
    this.logFormat = parsed.LOG_FORMAT ?? (this.production ? 'json' : 'pretty');
    this.databaseUrl = parsed.DATABASE_URL;
    this.databasePoolMax = parsed.DATABASE_POOL_MAX;
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
      registrationsPerAddress: parsed.REGISTER_LIMIT_PER_ADDRESS,
      failedRefreshesPerAddress: parsed.REFRESH_LIMIT_PER_ADDRESS,
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
  const parsed = check(settingsSchema, env);
  if (parsed.SESSION_MAX_LIFETIME < parsed.SESSION_TTL) {
    throw new SettingsError('SESSION_MAX_LIFETIME', 'must not be shorter than SESSION_TTL');
  }
  if (parsed.METRICS_PORT === parsed.PORT && parsed.PORT !== 0) {
    throw new SettingsError('METRICS_PORT', 'must be another port than PORT');
  }
  if (parsed.NODE_ENV === 'production') {
    refuseExampleSecrets(parsed);
  }
  return new Settings(parsed);
}

/** The one setting that bringing the tables up to date needs. @throws SettingsError */
export function parseDatabaseUrl(env: Readonly<Record<string, string | undefined>>): string {
  return check(settingsSchema.pick({ DATABASE_URL: true }), env).DATABASE_URL;
}

/** The one setting that a look at Redis needs. @throws SettingsError */
export function parseRedisUrl(env: Readonly<Record<string, string | undefined>>): string {
  return check(settingsSchema.pick({ REDIS_URL: true }), env).REDIS_URL;
}

/** For a process that neither signs nor checks a token: without the settings of the keys. @throws SettingsError */
export function parseCommandSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const unused = randomBytes(32).toString('base64');
  return parseSettings({ ...env, JWT_KEYS_DIR: undefined, JWT_SECRET: unused });
}

/** What the care of keys needs. */
export interface KeySettings {
  directory: string;
  /** The longest life of an access token, in seconds. */
  jwtExpiresInSeconds: number;
}

/** @throws SettingsError */
export function parseKeySettings(env: Readonly<Record<string, string | undefined>>): KeySettings {
  const rules = settingsSchema.pick({ JWT_KEYS_DIR: true, JWT_EXPIRES_IN: true });
  const { JWT_KEYS_DIR, JWT_EXPIRES_IN } = check(rules, env);
  if (JWT_KEYS_DIR === undefined) {
    throw new SettingsError('JWT_KEYS_DIR', 'is required: set the directory that holds the keys');
  }
  return { directory: JWT_KEYS_DIR, jwtExpiresInSeconds: JWT_EXPIRES_IN };
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
