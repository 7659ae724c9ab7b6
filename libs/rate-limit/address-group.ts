import { isIPv6 } from 'node:net';
import { parseIpAddress } from '#libs/common';

const GROUPS = 8;
/** Of the eight, those that a provider assigns; the rest is the customer's to choose. */
const NETWORK_GROUPS = 4;

/**
 * Whom an address stands for. Of IPv6 the network of 64 bits: whoever has one address of it has all
 * of them (RFC 6177).
 */
export function addressGroup(address: string): string {
  const parsed = parseIpAddress(address) ?? address;
  return isIPv6(parsed) ? networkOf(parsed) : parsed;
}

function networkOf(address: string): string {
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const missing = right === undefined ? 0 : Math.max(0, GROUPS - groups.length - tail.length);
  const all = [...groups, ...Array<string>(missing).fill('0'), ...tail];
  return `${all.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
