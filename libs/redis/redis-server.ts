/** The sections of INFO that `readServer` looks at. Several at once: Redis 7.0 and later. */
export const SERVER_SECTIONS = [
  'server',
  'memory',
  'persistence',
  'replication',
  'cluster',
] as const;

/** What a server says of itself. */
export interface RedisServer {
  software: 'redis' | 'valkey';
  version: string;
  /** It refuses every script whose keys are not in one slot. */
  isClusterNode: boolean;
  role: 'master' | 'replica';
  connectedReplicas: number;
  usedMemoryBytes: number;
  /** 0: no limit. */
  maxMemoryBytes: number;
  /** What goes when `maxMemoryBytes` is reached; `unknown` where the server does not say. */
  evictionPolicy: string;
  appendOnlyFile: boolean;
  /** Its last write to disk failed, so that it refuses to change anything now or soon. */
  isPersistenceFailing: boolean;
}

/** @param fields of INFO; those that a managed service leaves out count as harmless. */
export function readServer(fields: ReadonlyMap<string, string>): RedisServer {
  const number = (name: string) => Number(fields.get(name) ?? 0);
  const mode = fields.get('redis_mode') ?? fields.get('server_mode');
  const valkeyVersion = fields.get('valkey_version');
  return {
    software: valkeyVersion === undefined ? 'redis' : 'valkey',
    // Valkey's `redis_version` is that of the Redis with which it is compatible.
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

/** The lines `name:value` of an answer to INFO. */
export function parseInfo(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}
