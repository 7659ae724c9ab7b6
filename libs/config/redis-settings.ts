import { readTlsFiles, TlsFileError, type TlsFiles } from '#libs/common';
import type { ServerAddress } from './setting-types';
import { SettingsError } from './settings-error';
import type { DeclaredSettings } from './settings-schema';

/** The declared settings that Redis alone needs. */
export const REDIS_FIELDS = {
  redisUrl: true,
  redisSentinels: true,
  redisSentinelName: true,
  redisSentinelUser: true,
  redisSentinelPassword: true,
  redisSentinelTls: true,
  redisClusterNodes: true,
  redisCaFile: true,
  redisCertFile: true,
  redisKeyFile: true,
} as const;

type Declared = Pick<DeclaredSettings, keyof typeof REDIS_FIELDS>;

/** How Redis is reached: one server, the master that Sentinels name, or a Cluster. */
export interface RedisSettings {
  /** With Sentinels or Cluster nodes, its host and port are not used. */
  url: string;
  sentinels?: {
    addresses: ServerAddress[];
    /** Of the master. */
    name: string;
    username?: string | undefined;
    password?: string | undefined;
    tls: boolean;
  };
  /** `host:port`, an IPv6 address without brackets. */
  clusterNodes?: string[];
  tlsFiles?: TlsFiles;
}

/** @throws SettingsError for settings that contradict each other, and files that cannot be used. */
export function redisOf(declared: Declared): RedisSettings {
  const { redisUrl: url, redisClusterNodes: nodes } = declared;
  const sentinels = sentinelsOf(declared);
  if (nodes && sentinels) {
    throw new SettingsError('REDIS_CLUSTER_NODES', 'must not be set together with REDIS_SENTINELS');
  }
  if (nodes && Number(new URL(url).pathname.slice(1)) !== 0) {
    throw new SettingsError(
      'REDIS_URL',
      'must not end in the number of a database other than 0: a Redis Cluster has no other',
    );
  }
  const tlsFiles = tlsFilesOf(declared);
  return {
    url,
    ...(sentinels && { sentinels }),
    ...(nodes && { clusterNodes: nodes.map(({ host, port }) => `${host}:${port}`) }),
    ...(tlsFiles && { tlsFiles }),
  };
}

function sentinelsOf(declared: Declared): RedisSettings['sentinels'] {
  const { redisSentinels: addresses, redisSentinelName: name } = declared;
  const { redisSentinelUser: username, redisSentinelPassword: password } = declared;
  const dependent = {
    REDIS_SENTINEL_NAME: name,
    REDIS_SENTINEL_USER: username,
    REDIS_SENTINEL_PASSWORD: password,
    REDIS_SENTINEL_TLS: declared.redisSentinelTls || undefined,
  };
  if (addresses === undefined) {
    for (const [variable, value] of Object.entries(dependent)) {
      if (value !== undefined) {
        throw new SettingsError(variable, 'has no effect without REDIS_SENTINELS: set both');
      }
    }
    return undefined;
  }
  if (name === undefined) {
    throw new SettingsError('REDIS_SENTINEL_NAME', 'is required with REDIS_SENTINELS');
  }
  if (username !== undefined && password === undefined) {
    throw new SettingsError('REDIS_SENTINEL_PASSWORD', 'is required with REDIS_SENTINEL_USER');
  }
  return { addresses, name, username, password, tls: declared.redisSentinelTls };
}

const FILE_VARIABLES = {
  ca: 'REDIS_CA_FILE',
  cert: 'REDIS_CERT_FILE',
  key: 'REDIS_KEY_FILE',
} as const;

function tlsFilesOf(declared: Declared): TlsFiles | undefined {
  const files = {
    ca: declared.redisCaFile,
    cert: declared.redisCertFile,
    key: declared.redisKeyFile,
  };
  const first = (['ca', 'cert', 'key'] as const).find((file) => files[file] !== undefined);
  if (first === undefined) {
    return undefined;
  }
  if (!declared.redisUrl.startsWith('rediss:') && !declared.redisSentinelTls) {
    throw new SettingsError(
      FILE_VARIABLES[first],
      'has no effect without TLS: REDIS_URL must start with rediss://',
    );
  }
  if ((files.cert === undefined) !== (files.key === undefined)) {
    const [missing, given] =
      files.cert === undefined ? (['cert', 'key'] as const) : (['key', 'cert'] as const);
    throw new SettingsError(FILE_VARIABLES[missing], `is required with ${FILE_VARIABLES[given]}`);
  }
  try {
    readTlsFiles(files);
  } catch (error) {
    throw error instanceof TlsFileError
      ? new SettingsError(FILE_VARIABLES[error.file], error.problem)
      : error;
  }
  return files;
}
