import type { RedisService } from '@liaoliaots/nestjs-redis';
import { Redis } from 'ioredis';
import type { Metrics } from '#libs/metrics';
import type { Tracer } from '#libs/tracing';
import { ClusterNodes } from './cluster-nodes';
import { driverOptions, type RedisOptions } from './driver-options';
import { RedisClient } from './redis-client';
import { RedisKeys } from './redis-keys';
import { RedisNode } from './redis-node';
import { SingleNode } from './redis-nodes';
import type { ProbeKind } from './server-probe';
import { silence } from './silence';
import { withServerName } from './tls-options';

/** The client of one server, or of a Cluster if the options name its nodes. */
export function createRedisClient(
  options: RedisOptions,
  driver: RedisService,
  metrics: Metrics,
  tracer: Tracer,
): RedisClient {
  return options.clusterNodes === undefined
    ? clientOf(driver.getOrThrow(), metrics, tracer)
    : clusterClient(options, options.clusterNodes, metrics, tracer);
}

/** The client of the server that a connection leads to. */
export function clientOf(redis: Redis, metrics: Metrics, tracer: Tracer): RedisClient {
  const keys = RedisKeys.single;
  const kinds = firstKinds(keys);
  const timeoutMs = redis.options.commandTimeout ?? 0;
  const probeKeys = { kinds, here: (key: string) => key };
  const node = new RedisNode({ redis, timeoutMs, metrics, tracer, probeKeys });
  return new RedisClient(keys, new SingleNode(node), kinds, metrics);
}

function clusterClient(
  options: RedisOptions,
  seeds: readonly string[],
  metrics: Metrics,
  tracer: Tracer,
): RedisClient {
  const keys = RedisKeys.cluster;
  const kinds = firstKinds(keys);
  // One reader of the TLS files for all nodes, so that the log names a problem once.
  const { commandTimeout: timeoutMs, tls } = driverOptions(options);
  const nodes = new ClusterNodes({
    keys,
    seeds,
    kinds,
    connect: (host, port) => {
      const redis = new Redis({
        ...driverOptions(options),
        ...(tls && { tls: withServerName(tls, host) }),
        host,
        port,
        db: 0,
      });
      silence(redis);
      return redis;
    },
    node: (redis, address, probeKeys) => {
      const name = `Redis ${address}`;
      return new RedisNode({ redis, timeoutMs, metrics, tracer, probeKeys, name });
    },
  });
  return new RedisClient(keys, nodes, kinds, metrics);
}

function firstKinds(keys: RedisKeys): Map<string, ProbeKind> {
  return new Map([
    [keys.probe('string'), 'string'],
    [keys.probe('hash'), 'hash'],
  ]);
}
