import type { Dependency } from '#libs/common';

const endpoints = new Map<Dependency, string>();

/** Remembers where a command looks for a store, for the sentence of a failure: host and port alone. */
export function noteEndpoint(store: Dependency, url: string): void {
  // A list of hosts is no URL to the parser.
  const host = /^\w+:\/\/(?:[^/?#]*@)?([^/?#@]+)/.exec(url)?.[1];
  if (host !== undefined) {
    endpoints.set(store, host);
  }
}

/** `Redis at 127.0.0.1:6379`, or the name alone where no address is known. */
export function nameOfStore(store: Dependency): string {
  const endpoint = endpoints.get(store);
  const name = store.charAt(0).toUpperCase() + store.slice(1);
  return endpoint === undefined ? name : `${name} at ${endpoint}`;
}
