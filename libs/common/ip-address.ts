import { isIPv4, isIPv6 } from 'node:net';

const BRACKETED = /^\[([^\]]*)\](?::\d{1,5})?$/;
const WITH_PORT = /^([^:]*):\d{1,5}$/;
const ZONE = /%[^]*$/;
const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/**
 * Parses an address as sockets, proxies and people write it: a port, brackets, quotes and a zone are removed. The
 * result is valid for Postgres' `inet`: IPv4 in decimal, or IPv6 as of RFC 5952; an IPv4-mapped IPv6 address becomes
 * its IPv4 address.
 * @returns undefined for a text that is no address, and for IPv4 with leading zeros, which some programs read as octal
 * and some as decimal. `ipaddr.js` would read `::192.0.2.7` as IPv4 and accept leading zeros inside IPv6.
 */
export function parseIpAddress(text: string | undefined): string | undefined {
  const bare = text?.trim().replace(/^"(.*)"$/, '$1') ?? '';
  const host = (BRACKETED.exec(bare) ?? WITH_PORT.exec(bare))?.[1] ?? bare;
  if (isIPv4(host)) {
    return host;
  }
  const address = host.replace(ZONE, '');
  return isIPv6(address) ? canonical(address) : undefined;
}

function canonical(ipv6: string): string {
  const address = new URL(`http://[${ipv6}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(address) ?? [];
  return high === undefined || low === undefined ? address : `${octets(high)}.${octets(low)}`;
}

function octets(group: string): string {
  const value = parseInt(group, 16);
  return `${value >> 8}.${value & 0xff}`;
}
