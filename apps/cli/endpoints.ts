import type { Dependency } from '#libs/common';
import type { RedisSettings } from '#libs/config';

const names = new Map<Dependency, string>();

/** Records the address of a store for failure messages: host and port alone. */
export function noteEndpoint(store: Dependency, url: string): void {
  // The URL parser rejects a list of hosts.
  const host = /^\w+:\/\/(?:[^/?#]*@)?([^/?#@]+)/.exec(url)?.[1];
  if (host !== undefined) {
    names.set(store, `${plainName(store)} at ${host}`);
  }
}

/** As `noteEndpoint`, for Redis: with Sentinels or Cluster nodes, the URL holds no address. */
export function noteRedis({ url, sentinels, clusterNodes }: RedisSettings): void {
  if (sentinels) {
    const addresses = sentinels.addresses.map(({ host, port }) => `${host}:${port}`);
    names.set('redis', `Redis of the Sentinels ${addresses.join(', ')}`);
  } else if (clusterNodes) {
    names.set('redis', `Redis Cluster at ${clusterNodes.join(', ')}`);
  } else {
    noteEndpoint('redis', url);
  }
}

/** `Redis at 127.0.0.1:6379`, or the name alone where no address is recorded. */
export function nameOfStore(store: Dependency): string {
  return names.get(store) ?? plainName(store);
}

function plainName(store: Dependency): string {
  return store.charAt(0).toUpperCase() + store.slice(1);
}
