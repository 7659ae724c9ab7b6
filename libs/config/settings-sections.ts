import { resolve } from 'node:path';
import { isPlaceholder, repeatsPattern } from './example-secret';
import { SettingsError } from './settings-error';
import type { DeclaredSettings } from './settings-schema';

const MIN_SECRET_BYTES = 32;

/** A secret for HS256, or a directory of keys for ES256. */
export type JwtKeySource = { secret: string } | { directory: string };

/** The signing keys, and those whose tokens are accepted too while keys are changed. */
export type JwtKeys = JwtKeySource & { accepted: JwtKeySource[] };

/** The storage of avatars: a directory, or a bucket of an S3-compatible service. */
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

/** The destination of traces, and their selection. */
export interface TracingSettings {
  /** Of an OTLP collector over HTTP; traces are sent to `/v1/traces` below it. */
  endpoint: string;
  serviceName: string;
  sampler: DeclaredSettings['traceSampler'];
  /** For the samplers by ratio: the share of traces that is recorded. */
  samplerRatio: number;
}

/** With a key directory, the secret is ignored. */
export function jwtKeysOf(declared: DeclaredSettings): JwtKeys {
  const { jwtAcceptedSecret, jwtAcceptedKeysDir, nodeEnv } = declared;
  if (jwtAcceptedSecret !== undefined && nodeEnv === 'production') {
    refuseWeakSecret('JWT_ACCEPTED_SECRET', jwtAcceptedSecret);
  }
  return {
    ...signingKeysOf(declared),
    accepted: [
      ...(jwtAcceptedSecret === undefined ? [] : [{ secret: jwtAcceptedSecret }]),
      ...(jwtAcceptedKeysDir === undefined ? [] : [{ directory: jwtAcceptedKeysDir }]),
    ],
  };
}

function signingKeysOf({ jwtKeysDir, jwtSecret, nodeEnv }: DeclaredSettings): JwtKeySource {
  if (jwtKeysDir !== undefined) {
    return { directory: jwtKeysDir };
  }
  if (jwtSecret === undefined) {
    throw new SettingsError(
      'JWT_SECRET',
      'is required: set a random secret of at least 32 bytes, or JWT_KEYS_DIR',
    );
  }
  if (nodeEnv === 'production') {
    refuseWeakSecret('JWT_SECRET', jwtSecret);
  }
  return { secret: jwtSecret };
}

export function tracingOf(declared: DeclaredSettings): TracingSettings | undefined {
  const { otlpEndpoint: endpoint } = declared;
  return endpoint === undefined
    ? undefined
    : {
        endpoint,
        serviceName: declared.traceServiceName,
        sampler: declared.traceSampler,
        samplerRatio: declared.traceSamplerRatio,
      };
}

/** With a bucket, the directory is ignored. */
export function avatarStorageOf(declared: DeclaredSettings): AvatarStorageSettings {
  const { avatarS3AccessKeyId: accessKeyId, avatarS3SecretAccessKey: secretAccessKey } = declared;
  if (declared.avatarS3Bucket === undefined) {
    return { directory: resolve(declared.avatarDir) };
  }
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw new SettingsError(
      accessKeyId === undefined ? 'AVATAR_S3_ACCESS_KEY_ID' : 'AVATAR_S3_SECRET_ACCESS_KEY',
      'is required where the other half of the key is set',
    );
  }
  return {
    s3: {
      bucket: declared.avatarS3Bucket,
      region: declared.avatarS3Region,
      endpoint: declared.avatarS3Endpoint,
      credentials:
        accessKeyId !== undefined && secretAccessKey !== undefined
          ? { accessKeyId, secretAccessKey }
          : undefined,
    },
  };
}

/** RFC 7518 section 3.2: an HS256 key has at least as many bits as the hash. */
function refuseWeakSecret(variable: string, secret: string): void {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw new SettingsError(variable, 'must be at least 32 bytes long in production');
  }
  if (isPlaceholder(secret)) {
    throw new SettingsError(variable, 'must be random in production: it is a placeholder');
  }
  if (new Set(secret).size < 8 || repeatsPattern(secret)) {
    throw new SettingsError(variable, 'must be random: it repeats too few characters');
  }
}
