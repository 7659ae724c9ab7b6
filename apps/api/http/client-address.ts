import { isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { parseIpAddress } from '#libs/common';
import type { TrustedProxies } from '#libs/config';

/**
 * For Fastify's `trustProxy`: whether the next address of `X-Forwarded-For`, which was written by the host at this
 * one, counts. Never that of a host that is not a trusted proxy, or whose address cannot be read.
 */
export function trustProxy(proxies: TrustedProxies | undefined) {
  return (
    proxies !== undefined &&
    ((entry: string | undefined, hop: number) => {
      const address = parseIpAddress(entry);
      return (
        address !== undefined &&
        ('hops' in proxies
          ? hop < proxies.hops
          : proxies.addresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
      );
    })
  );
}

/**
 * The address of a client, for sessions, limits, events, logs and access to metrics; see `parseIpAddress`. Where the
 * entry of `X-Forwarded-For` is no address, that of the proxy that passed it on.
 * @returns undefined for a connection that was closed before anything asked.
 */
export function clientAddress(request: FastifyRequest): string | undefined {
  // Fastify reads the header anew for each of the two.
  const ips = request.ips ?? [request.ip];
  return parseIpAddress(ips.at(-1)) ?? parseIpAddress(ips.at(-2));
}
