import calculateSlot from 'cluster-key-slot';
import type { RedisKeys } from './redis-keys';

/** `host:port`. */
export type NodeAddress = string;

/** What one node of a Cluster answers to CLUSTER SLOTS, and the host under which it was asked. */
export interface SlotsAnswer {
  askedHost: string;
  reply: unknown[];
}

/**
 * The master of each partition, as most of the nodes see it: a node that is cut off, or has just started, may have an
 * old view. Of equally many, the present master stays.
 * @param current the masters so far.
 * @returns null for a partition without a master.
 */
export function agreedMasters(
  keys: RedisKeys,
  answers: readonly SlotsAnswer[],
  current: readonly (NodeAddress | null)[],
): (NodeAddress | null)[] {
  const views = answers.map(mastersOf);
  return Array.from({ length: keys.partitions }, (_, partition) => {
    const slot = calculateSlot(keys.checkpoint(partition));
    const votes = new Map<NodeAddress, number>();
    for (const view of views) {
      const address = view.find(({ first, last }) => first <= slot && slot <= last)?.address;
      if (address !== undefined) {
        votes.set(address, (votes.get(address) ?? 0) + 1);
      }
    }
    const now = current[partition] ?? null;
    const most = Math.max(0, ...votes.values());
    if (now !== null && votes.get(now) === most) {
      return now;
    }
    return [...votes].find(([, count]) => count === most)?.[0] ?? null;
  });
}

interface Range {
  first: number;
  last: number;
  address: NodeAddress;
}

/** An entry of the reply: first slot, last slot, the master as `[host, port, …]`, its replicas. */
function mastersOf({ askedHost, reply }: SlotsAnswer): Range[] {
  return reply.flatMap((entry) => {
    const [first, last, master] = entry as [number, number, [string | null, number]?];
    if (!master) {
      return [];
    }
    // A node that does not know its own address leaves it out; `?` is a host that it does not tell.
    const host = master[0] === null || master[0] === '' ? askedHost : master[0];
    return host === '?' ? [] : [{ first, last, address: `${host}:${master[1]}` }];
  });
}
