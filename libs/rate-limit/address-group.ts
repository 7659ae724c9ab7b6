import { isIPv6 } from 'node:net';
import { parseIpAddress } from '#libs/common';

const GROUPS = 8;
const GROUP_BITS = 16;

/**
 * Prefix lengths of the IPv6 networks that one customer is assigned, from the longest to the shortest (RFC 6177), with
 * the multiple of the limit of one address.
 */
const IPV6_LEVELS = [
  { bits: 48, times: 4 },
  { bits: 56, times: 2 },
  { bits: 64, times: 1 },
] as const;

/** Addresses that are counted together. */
export interface AddressGroup {
  /** The IPv4 address, or the IPv6 network with its length. */
  name: string;
  /** Multiple of the limit of one address. */
  times: number;
}

/**
 * The groups of an address, from the broadest to the narrowest. IPv4: the address alone. IPv6: its networks of 48, 56
 * and 64 bits, because the holder of a network can use any address in it.
 */
export function addressGroups(address: string): AddressGroup[] {
  const parsed = parseIpAddress(address) ?? address;
  if (!isIPv6(parsed)) {
    return [{ name: parsed, times: 1 }];
  }
  const groups = groupsOf(parsed);
  return IPV6_LEVELS.map(({ bits, times }) => ({ name: networkOf(groups, bits), times }));
}

/** The broadest group of an address, which stands for one party. */
export function partyOf(address: string): string {
  const [broadest] = addressGroups(address) as [AddressGroup];
  return broadest.name;
}

/** The eight 16-bit numbers of the address. */
function groupsOf(address: string): number[] {
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const missing = right === undefined ? 0 : Math.max(0, GROUPS - groups.length - tail.length);
  return [...groups, ...Array<string>(missing).fill('0'), ...tail].map((text) =>
    parseInt(text, 16),
  );
}

function networkOf(groups: number[], bits: number): string {
  const shown = groups.slice(0, Math.ceil(bits / GROUP_BITS)).map((group, index) => {
    const inNetwork = Math.min(GROUP_BITS, bits - index * GROUP_BITS);
    return (group & (0xffff << (GROUP_BITS - inNetwork)) & 0xffff).toString(16);
  });
  return `${shown.join(':')}::/${bits}`;
}
