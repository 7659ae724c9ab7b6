import { isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { parseIpAddress } from '#libs/common';
import type { TrustedProxies } from '#libs/config';

/**
 * For Fastify's `trustProxy`: decides whether the next entry of `X-Forwarded-For`, written by the host at this address,
 * is used. False for a host that is no trusted proxy, and for an address that cannot be parsed.
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
 * entry of `X-Forwarded-For` is no address, the address of the proxy that forwarded it.
 * @returns undefined for a connection that is closed already.
 */
export function clientAddress(request: FastifyRequest): string | undefined {
  // Both properties parse the header again.
  const ips = request.ips ?? [request.ip];
  return parseIpAddress(ips.at(-1)) ?? parseIpAddress(ips.at(-2));
}
