import { resolve } from 'node:path';
import { isPlaceholder, repeatsPattern } from './example-secret';
import { SettingsError } from './settings-error';
import type { ParsedSettings } from './settings-schema';

const MIN_SECRET_BYTES = 32;

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
  registrationsPerAddress: number;
  failedRefreshesPerAddress: number;
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
  sampler: ParsedSettings['OTEL_TRACES_SAMPLER'];
  /** Of the samplers by ratio: the share of traces that is recorded. */
  samplerRatio: number;
}

/** Where there are keys, the secret is not even looked at. */
export function jwtKeysOf({ JWT_KEYS_DIR, JWT_SECRET, NODE_ENV }: ParsedSettings): JwtKeys {
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

export function tracingOf(parsed: ParsedSettings): TracingSettings | undefined {
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
export function avatarStorageOf(parsed: ParsedSettings): AvatarStorageSettings {
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
  if (isPlaceholder(secret)) {
    throw new SettingsError('JWT_SECRET', 'must be random in production: it is a placeholder');
  }
  if (new Set(secret).size < 8 || repeatsPattern(secret)) {
    throw new SettingsError('JWT_SECRET', 'must be random: it repeats too few characters');
  }
}
