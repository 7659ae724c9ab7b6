import { join } from 'node:path';
import { z } from 'zod';
import { databaseUrl } from './database-url';
import { redisUrl } from './redis-url';
import {
  addressSet,
  bucketName,
  clientList,
  durationSeconds,
  httpUrl,
  listenHost,
  listenPort,
  onOff,
  originList,
  patienceSeconds,
  positiveInteger,
  ratio,
  retentionSeconds,
  schedule,
  trustedProxies,
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

/** One entry a variable. Messages name what is wrong and never repeat the value: it may be a secret. */
export const settingsSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development'),
  HOST: listenHost().default('127.0.0.1'),
  PORT: listenPort().default(3000),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be one of fatal, error, warn, info, debug, trace, silent',
    )
    .default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty'], 'must be json or pretty').optional(),
  DATABASE_URL: databaseUrl(),
  DATABASE_POOL_MAX: positiveInteger().default(10),
  REDIS_URL: redisUrl(),
  JWT_SECRET: z.string().optional(),
  JWT_KEYS_DIR: z.string().optional(),
  JWT_EXPIRES_IN: durationSeconds().default(DAY_SECONDS),
  SESSION_TTL: durationSeconds().default(DAY_SECONDS),
  SESSION_MAX_LIFETIME: durationSeconds().default(30 * DAY_SECONDS),
  MAX_SESSIONS_PER_USER: positiveInteger().default(100),
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
  REGISTER_LIMIT_PER_ADDRESS: positiveInteger().default(20),
  REFRESH_LIMIT_PER_ADDRESS: positiveInteger().default(120),
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
  CLEAN_UP_CRON: schedule().optional(),
  REDIS_CHECK_CRON: schedule().optional(),
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

export type ParsedSettings = z.output<typeof settingsSchema>;
