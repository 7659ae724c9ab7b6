import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { lasting } from '../support/long-tests';
import { until } from '../support/until';
import type { Load } from './load/load';
import type { Scenario } from './scenario';
import type { Script } from './scripts';
import type { RedisNode } from './redis-node';

/** Requests during a fault, or right after one that has no duration. */
const DURING = lasting(60, 110);
/** Partitions that a resharding moves. */
const MOVED = lasting(3, 8);
/** Partitions that a new master gets from each other master. */
const GIVEN = lasting(1, 3);
/** Requests that a new master must serve. */
const SERVED = 20;

async function someMaster({ cluster, random }: Scenario): Promise<RedisNode> {
  return random.pick(await cluster.shards.shards())!.master;
}

/** Resolves when another node has taken over the slots of a master. */
async function replaced({ cluster }: Scenario, master: RedisNode): Promise<void> {
  await until(
    'a replica takes over',
    async () => (await cluster.shards.shards()).map((shard) => shard.master.address),
    (addresses) => addresses.length === 3 && !addresses.includes(master.address),
  );
}

export const flushShard: Script = async (scenario) => {
  const { faults, load } = scenario;
  const master = await someMaster(scenario);
  await faults.ofServers(() => master.client.flushall());
  await load.goesOn(DURING);
};

/** kill -9 of a master: its replica takes over, and may lack the last writes. It comes back empty. */
export const killMaster: Script = async (scenario) => {
  const { cluster, faults, load } = scenario;
  const master = await someMaster(scenario);
  await faults.ofServers(() => master.kill());
  await load.goesOn(DURING);
  await replaced(scenario, master);
  await load.goesOn(DURING);
  await master.startEmpty();
  await cluster.shards.healthy();
};

/** A replica that has missed writes takes over. */
export const failOverToLaggingShard: Script = async (scenario) => {
  const { cluster, faults, load, random } = scenario;
  const { master, replicas } = random.pick(await cluster.shards.shards())!;
  const replica = replicas[0]!;
  await faults.ofServers(() => replica.suspend());
  await load.goesOn(DURING);
  await master.kill();
  replica.resume();
  await replaced(scenario, master);
  await load.goesOn(DURING);
  await master.startEmpty();
  await cluster.shards.healthy();
};

/** SIGSTOP of a master until its replica has taken over. */
export const suspendMaster: Script = async (scenario) => {
  const { cluster, faults, load } = scenario;
  const master = await someMaster(scenario);
  await faults.ofServers(() => master.suspend());
  await load.goesOn(DURING);
  await replaced(scenario, master);
  master.resume();
  await load.goesOn(DURING);
  await cluster.shards.healthy();
};

/** A master loses the other nodes, and keeps its clients. */
export const isolateMaster: Script = async (scenario) => {
  const { cluster, faults, load } = scenario;
  const master = await someMaster(scenario);
  await faults.ofServers(() => cluster.shards.isolate(master));
  await replaced(scenario, master);
  await load.goesOn(DURING);
  cluster.shards.reconnect();
  await load.goesOn(DURING);
  await cluster.shards.healthy();
};

/** An operator swaps a master and its replica. */
export const failOverByHand: Script = async (scenario) => {
  const { cluster, faults, load, random } = scenario;
  const { master, replicas } = random.pick(await cluster.shards.shards())!;
  await faults.ofServers(() => replicas[0]!.client.call('CLUSTER', 'FAILOVER'));
  await replaced(scenario, master);
  await load.goesOn(DURING);
  await cluster.shards.healthy();
};

/** A master restarts with an old copy of its data before its replica takes over. */
export const restartShardFromOldCopy: Script = async (scenario) => {
  const { cluster, faults, load } = scenario;
  const master = await someMaster(scenario);
  const copy = await master.takeSnapshot();
  await load.goesOn(DURING);
  await faults.ofServers(async () => {
    await master.kill();
    await master.startFrom(copy);
  });
  await load.goesOn(DURING);
  await cluster.shards.healthy();
};

/** The same while no instance can replay what the copy lacks. */
export const restartShardFromOldCopyWhilePostgresIsAway: Script = async (scenario) => {
  const { cluster, faults, load } = scenario;
  const master = await someMaster(scenario);
  const copy = await master.takeSnapshot();
  await load.goesOn(2 * DURING);
  faults.cutPostgres();
  await faults.ofServers(async () => {
    await master.kill();
    await master.startFrom(copy);
  });
  await cluster.shards.healthy();
  await load.goesOn(DURING);
  faults.restorePostgres();
  await load.goesOn(DURING);
};

/** Slots move to another master and back. */
export const reshard: Script = async (scenario) => {
  const { cluster, faults, load, random } = scenario;
  const [from, to] = (await cluster.shards.shards()).map(({ master }) => master);
  const partitions = (await cluster.shards.partitionsOf(from!)).slice(0, MOVED);
  await faults.ofServers(async () => {
    for (const partition of partitions) {
      await cluster.shards.move(partition, to!);
      await load.goesOn(random.below(DURING / 2));
    }
  });
  for (const partition of partitions) {
    await cluster.shards.move(partition, from!);
  }
  await load.goesOn(DURING);
};

/** A master joins, gets slots of each other master, serves their users, gives the slots back, and leaves. */
export const growAndShrink: Script = async ({ cluster, faults, load, random }) => {
  const { shards } = cluster;
  const added = await shards.addMaster();
  const moved: { partition: number; from: RedisNode }[] = [];
  await faults.ofServers(async () => {
    for (const { master: from } of await shards.shards()) {
      const partitions = (await shards.partitionsOf(from)).slice(0, GIVEN);
      moved.push(...partitions.map((partition) => ({ partition, from })));
    }
    for (const { partition } of moved) {
      await shards.move(partition, added);
      await load.goesOn(random.below(DURING / 4));
    }
  });
  // Each instance holds the leases of all partitions again, and so those of the new master.
  await cluster.settled();
  await untilItServesUsers(added, load);
  for (const { partition, from } of moved) {
    await shards.move(partition, from);
    await load.goesOn(random.below(DURING / 4));
  }
  await until('the instances leave the master', () => clientsOf(added), 0);
  await shards.removeMaster(added);
  await load.goesOn(DURING);
};

/** Continues the load until the node has run scripts for sessions of its users. */
async function untilItServesUsers(node: RedisNode, load: Load): Promise<void> {
  // A socket of its own: a reply to the MONITOR of ioredis may come together with the first commands, and fail it.
  const monitor = connect(node.port, '127.0.0.1');
  let served = 0;
  createInterface({ input: monitor }).on('line', (line) => {
    served += /"eval(?:sha)?" .*"session:\{/i.test(line) ? 1 : 0;
  });
  monitor.write('MONITOR\r\n');
  await until('the new master serves users', async () => {
    await load.goesOn(1);
    return served > SERVED;
  });
  monitor.destroy();
}

/** Connections of others than the test. */
async function clientsOf({ client }: RedisNode): Promise<number> {
  const lines = String(await client.call('CLIENT', 'LIST', 'TYPE', 'normal'))
    .trim()
    .split('\n');
  const own = String(await client.client('ID'));
  return lines.filter((line) => !line.startsWith(`id=${own} `)).length;
}
