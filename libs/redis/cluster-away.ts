import { awayReason, type AwayReason } from './away-reason';
import type { NodeAddress } from './cluster-slots';

/** A node of a Cluster, and why it cannot be used; null if it can. */
export interface NodeState {
  address: NodeAddress;
  reason: AwayReason | null;
}

/**
 * One reason for a Cluster, with the nodes that it is about. Of several causes the first that is more than silence: it
 * can be removed.
 * @param masters those that are known.
 * @param tried the nodes that are asked for the masters while none is known.
 * @returns null if all masters can be used.
 */
export function clusterAwayReason(
  masters: readonly NodeState[],
  tried: readonly NodeState[],
): AwayReason | null {
  if (masters.length > 0) {
    const away = masters.filter(({ reason }) => reason !== null);
    return away.length === 0 ? null : reasonOf(away, away.length === masters.length);
  }
  const unsettled = awayReason('cluster_changing');
  return reasonOf(
    tried.map(({ address, reason }) => ({ address, reason: reason ?? unsettled })),
    true,
  );
}

function reasonOf(nodes: readonly NodeState[], areAll: boolean): AwayReason {
  const reasons = nodes.flatMap(({ reason }) => reason ?? []);
  const first = reasons.find(({ code }) => code !== 'unreachable') ?? awayReason('unreachable');
  const named = nodes.map(({ address, reason }) => `${address} (${reason?.code})`).join(', ');
  const message = areAll
    ? 'No node of the Redis Cluster answers.'
    : 'A node of the Redis Cluster does not answer; Postgres answers for its users.';
  return {
    ...first,
    message: first.code === 'unreachable' ? message : first.message,
    detail: first.detail === undefined ? named : `${named}: ${first.detail}`,
  };
}
