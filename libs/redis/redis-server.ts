import { InternalError } from '#libs/common';

/** The sections of INFO that `readServer` reads. Redis 7.0 and later return several at once. */
export const SERVER_SECTIONS = [
  'server',
  'memory',
  'persistence',
  'replication',
  'cluster',
] as const;

/** The server's own report. */
export interface RedisServer {
  software: 'redis' | 'valkey';
  version: string;
  /** A cluster node refuses scripts whose keys are in different slots. */
  isClusterNode: boolean;
  role: 'master' | 'replica';
  connectedReplicas: number;
  usedMemoryBytes: number;
  /** 0: no limit. */
  maxMemoryBytes: number;
  /** The policy when `maxMemoryBytes` is reached; `unknown` if the server does not report it. */
  evictionPolicy: string;
  appendOnlyFile: boolean;
  /** The last write to disk failed, so the server refuses changes now or soon. */
  isPersistenceFailing: boolean;
}

/** @param fields of INFO. Fields that a managed service omits count as harmless. */
export function readServer(fields: ReadonlyMap<string, string>): RedisServer {
  const number = (name: string) => Number(fields.get(name) ?? 0);
  const mode = modeOf(fields);
  const valkeyVersion = fields.get('valkey_version');
  return {
    software: valkeyVersion === undefined ? 'redis' : 'valkey',
    // Valkey's `redis_version` is the Redis version that it is compatible with.
    version: valkeyVersion ?? fields.get('redis_version') ?? 'unknown',
    isClusterNode: mode === 'cluster' || fields.get('cluster_enabled') === '1',
    role: fields.get('role') === 'slave' ? 'replica' : 'master',
    connectedReplicas: number('connected_slaves'),
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    evictionPolicy: fields.get('maxmemory_policy') ?? 'unknown',
    appendOnlyFile: fields.get('aof_enabled') === '1',
    isPersistenceFailing: ['rdb_last_bgsave_status', 'aof_last_write_status'].some(
      (name) => fields.get(name) === 'err',
    ),
  };
}

/** One report for all masters of a Cluster: sums, and of the other figures the one that needs attention. */
export function combineServers(servers: readonly RedisServer[]): RedisServer {
  const [first, ...rest] = servers;
  if (!first) {
    throw new InternalError('no server to report about');
  }
  return rest.reduce(
    (all, one) => ({
      ...all,
      role: one.role === 'replica' ? 'replica' : all.role,
      connectedReplicas: all.connectedReplicas + one.connectedReplicas,
      usedMemoryBytes: all.usedMemoryBytes + one.usedMemoryBytes,
      // Without a limit on one of them there is none on all.
      maxMemoryBytes:
        all.maxMemoryBytes === 0 || one.maxMemoryBytes === 0
          ? 0
          : all.maxMemoryBytes + one.maxMemoryBytes,
      evictionPolicy: all.evictionPolicy === 'noeviction' ? one.evictionPolicy : all.evictionPolicy,
      appendOnlyFile: all.appendOnlyFile && one.appendOnlyFile,
      isPersistenceFailing: all.isPersistenceFailing || one.isPersistenceFailing,
    }),
    first,
  );
}

/** `standalone`, `cluster` or `sentinel`; undefined if the server does not report it. Valkey has another name for it. */
export function modeOf(fields: ReadonlyMap<string, string>): string | undefined {
  return fields.get('redis_mode') ?? fields.get('server_mode');
}

/** The lines `name:value` of an INFO reply. */
export function parseInfo(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}
