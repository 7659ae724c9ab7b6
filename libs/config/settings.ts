import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { variableOf } from './describe-settings';
import { refuseExampleSecrets } from './example-secret';
import { SettingsError } from './settings-error';
import { redisOf, REDIS_FIELDS, type RedisSettings } from './redis-settings';
import { settingsSchema, type DeclaredSettings } from './settings-schema';
import { avatarStorageOf, jwtKeysOf, tracingOf } from './settings-sections';

/** Longer than a load balancer takes to notice that readiness fails. */
const PRODUCTION_SHUTDOWN_DELAY_SECONDS = 5;

export type Environment = Readonly<NodeJS.Dict<string>>;

/** Adds the values that follow from several settings. */
function derive(declared: DeclaredSettings) {
  const production = declared.nodeEnv === 'production';
  const defaultDelaySeconds = production ? PRODUCTION_SHUTDOWN_DELAY_SECONDS : 0;
  return {
    ...declared,
    production,
    logFormat: declared.logFormat ?? (production ? 'json' : 'pretty'),
    docs: declared.docs ?? !production,
    shutdownDelaySeconds: declared.shutdownDelaySeconds ?? defaultDelaySeconds,
    jwtKeys: jwtKeysOf(declared),
    redis: redisOf(declared),
    avatarStorage: avatarStorageOf(declared),
    tracing: tracingOf(declared),
  };
}

type Values = Readonly<ReturnType<typeof derive>>;

/**
 * The typed, validated settings: the fields of `settings-schema.ts` and those that `derive` adds. Durations in seconds.
 * Injected by its class.
 */
export class Settings extends (Object as unknown as new () => Values) {
  constructor(declared: DeclaredSettings) {
    super();
    // The cast above types this assignment: TypeScript cannot derive it.
    Object.assign(this, derive(declared));
  }
}

/**
 * Reads the settings from environment variables; an empty variable counts as unset.
 * @throws SettingsError for the first invalid variable.
 */
export function parseSettings(env: Environment): Settings {
  const declared = check(settingsSchema, env);
  if (declared.sessionMaxLifetimeSeconds < declared.sessionTtlSeconds) {
    throw new SettingsError('SESSION_MAX_LIFETIME', 'must not be shorter than SESSION_TTL');
  }
  if (declared.rememberMaxLifetimeSeconds < declared.rememberTtlSeconds) {
    throw new SettingsError('REMEMBER_MAX_LIFETIME', 'must not be shorter than REMEMBER_TTL');
  }
  if (declared.cookies && /[;,]/.test(new URL(declared.publicUrl ?? 'http://x').pathname)) {
    throw new SettingsError('PUBLIC_URL', 'must not have ";" or "," in its path with COOKIES=on');
  }
  if (declared.metricsPort === declared.port && declared.port !== 0) {
    throw new SettingsError('METRICS_PORT', 'must be another port than PORT');
  }
  if (declared.nodeEnv === 'production') {
    refuseExampleSecrets(declared);
  }
  return new Settings(declared);
}

/**
 * The only setting of a migration.
 * @throws SettingsError
 */
export function parseDatabaseUrl(env: Environment): string {
  return check(settingsSchema.pick({ databaseUrl: true }), env).databaseUrl;
}

/**
 * The only settings of a Redis command.
 * @throws SettingsError
 */
export function parseRedisSettings(env: Environment): RedisSettings {
  return redisOf(check(settingsSchema.pick(REDIS_FIELDS), env));
}

/**
 * For a process that neither signs nor verifies tokens: without the settings of the keys.
 * @throws SettingsError
 */
export function parseCommandSettings(env: Environment): Settings {
  const unused = randomBytes(32).toString('base64');
  return parseSettings({
    ...env,
    JWT_KEYS_DIR: undefined,
    JWT_ACCEPTED_KEYS_DIR: undefined,
    JWT_ACCEPTED_SECRET: undefined,
    JWT_SECRET: unused,
  });
}

/** The settings of the key commands. */
export interface KeySettings {
  directory: string;
  /** The lifetime of an access token, in seconds. */
  jwtExpiresInSeconds: number;
}

/** @throws SettingsError */
export function parseKeySettings(env: Environment): KeySettings {
  const rules = settingsSchema.pick({ jwtKeysDir: true, jwtExpiresInSeconds: true });
  const { jwtKeysDir, jwtExpiresInSeconds } = check(rules, env);
  if (jwtKeysDir === undefined) {
    throw new SettingsError('JWT_KEYS_DIR', 'is required: set the directory that holds the keys');
  }
  return { directory: jwtKeysDir, jwtExpiresInSeconds };
}

/** An empty variable counts as unset: compose files and shells write "not set" that way. */
function check<Shape extends Record<string, z.ZodType>>(
  rules: z.ZodObject<Shape>,
  env: Environment,
): z.output<z.ZodObject<Shape>> {
  const variables = new Map(
    Object.entries(rules.shape).map(([field, type]) => [field, variableOf(field, type)]),
  );
  const input = [...variables].map(([field, name]) => [
    field,
    env[name] === '' ? undefined : env[name],
  ]);
  const result = rules.safeParse(Object.fromEntries(input));
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = String(issue?.path[0]);
    throw new SettingsError(variables.get(field) ?? field, issue?.message ?? 'is invalid');
  }
  return result.data;
}
