import type { Dependency } from '#libs/common';

const endpoints = new Map<Dependency, string>();

/** Records the address of a store for failure messages: host and port alone. */
export function noteEndpoint(store: Dependency, url: string): void {
  // The URL parser rejects a list of hosts.
  const host = /^\w+:\/\/(?:[^/?#]*@)?([^/?#@]+)/.exec(url)?.[1];
  if (host !== undefined) {
    endpoints.set(store, host);
  }
}

/** `Redis at 127.0.0.1:6379`, or the name alone where no address is recorded. */
export function nameOfStore(store: Dependency): string {
  const endpoint = endpoints.get(store);
  const name = store.charAt(0).toUpperCase() + store.slice(1);
  return endpoint === undefined ? name : `${name} at ${endpoint}`;
}
