import type { RedisServer } from './redis-server';

/** Stable: alerts match on them. */
export type ServerWarningCode =
  'cluster_node' | 'replica' | 'may_evict' | 'nearly_full' | 'persistence_failing';

/** A server that answers but needs an operator's attention. */
export interface ServerWarning {
  code: ServerWarningCode;
  message: string;
}

/** Share of `maxmemory` below which there is headroom: neither eviction nor refusals are near. */
const HEADROOM = 0.8;

/**
 * The necessary changes of the server's configuration, the most urgent first.
 * @param isCluster whether the server is meant to be a node of a Cluster.
 */
export function warningsOf(server: RedisServer, isCluster = false): ServerWarning[] {
  const warnings: ServerWarning[] = [];
  if (server.isClusterNode && !isCluster) {
    warnings.push({
      code: 'cluster_node',
      message:
        'Redis is a node of a Redis Cluster; Postgres answers. ' +
        'Set REDIS_CLUSTER_NODES to the addresses of its nodes.',
    });
  }
  if (server.role === 'replica') {
    warnings.push({
      code: 'replica',
      message: 'Redis is a read-only replica; Postgres answers. Use the address of the master.',
    });
  }
  if (server.isPersistenceFailing) {
    warnings.push({
      code: 'persistence_failing',
      message: 'Redis cannot write to its disk and may refuse changes.',
    });
  }
  return [...warnings, ...memoryWarnings(server)];
}

/**
 * Sessions and tombstones have a TTL, so `volatile-*` evicts them too, but only when memory runs out. `allkeys-*` is
 * meant for caches that fill their memory, so it will evict them.
 */
function memoryWarnings(server: RedisServer): ServerWarning[] {
  const { evictionPolicy, maxMemoryBytes, usedMemoryBytes } = server;
  if (maxMemoryBytes === 0) {
    return [];
  }
  const hasHeadroom = usedMemoryBytes < HEADROOM * maxMemoryBytes;
  if (evictionPolicy === 'noeviction') {
    return hasHeadroom
      ? []
      : [
          {
            code: 'nearly_full',
            message: 'Redis has used 80 % of maxmemory; when it is full it refuses new sessions.',
          },
        ];
  }
  return hasHeadroom && evictionPolicy.startsWith('volatile-')
    ? []
    : [
        {
          code: 'may_evict',
          message: `Redis may evict sessions (${evictionPolicy}). Set maxmemory-policy to noeviction.`,
        },
      ];
}
