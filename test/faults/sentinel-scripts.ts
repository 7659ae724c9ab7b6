import { lasting } from '../support/long-tests';
import type { Script } from './scripts';

/** Requests during a fault, or right after one that has no duration. */
const DURING = lasting(60, 110);

/** kill -9 of the master: a replica takes over, and may lack the last writes. It comes back empty, as a replica. */
export const killSentinelMaster: Script = async ({ cluster, faults, load }) => {
  const { sentinels } = cluster;
  let old = 0;
  await faults.ofServers(async () => {
    old = await sentinels.killMaster();
  });
  await load.goesOn(DURING);
  await sentinels.failedOver(old);
  await load.goesOn(DURING);
  await sentinels.startAgain(old);
  await sentinels.healthy();
};

/** SIGSTOP of the master until a replica has taken over. */
export const suspendSentinelMaster: Script = async ({ cluster, faults, load }) => {
  const { sentinels } = cluster;
  let old = 0;
  await faults.ofServers(async () => {
    old = await sentinels.suspendMaster();
  });
  await load.goesOn(DURING);
  await sentinels.failedOver(old);
  sentinels.resume(old);
  await load.goesOn(DURING);
  await sentinels.healthy();
};

/** An operator swaps the master and a replica. */
export const failOverSentinelByHand: Script = async ({ cluster, faults, load }) => {
  const { sentinels } = cluster;
  const old = await sentinels.masterPort();
  await faults.ofServers(() => sentinels.failOverByHand());
  await load.goesOn(DURING);
  await sentinels.failedOver(old);
  await load.goesOn(DURING);
  await sentinels.healthy();
};

export const flushSentinelMaster: Script = async ({ cluster, faults, load }) => {
  await faults.ofServers(() => cluster.sentinels.atMaster((client) => client.flushall()));
  await load.goesOn(DURING);
};
