import { isIPv4, isIPv6 } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;
/** Of the eight, those that a provider assigns; the rest is the customer's to choose. */
const NETWORK_GROUPS = 4;

/**
 * Whom an address stands for. Of IPv6 the network of 64 bits: whoever has one address of it has all
 * of them (RFC 6177).
 */
export function addressGroup(address: string): string {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) {
    return mapped;
  }
  return isIPv6(address) ? networkOf(address) : address;
}

function networkOf(address: string): string {
  const [left = '', right] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const groups = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const missing = right === undefined ? 0 : Math.max(0, GROUPS - groups.length - tail.length);
  const all = [...groups, ...Array<string>(missing).fill('0'), ...tail];
  const network = all.slice(0, NETWORK_GROUPS).map((group) => parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
