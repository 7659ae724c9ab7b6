import { RedisKeys } from '../../libs/redis';
import { until } from '../support/until';
import { BusProxy } from './bus-proxy';
import { RedisNode } from './redis-node';
import { stablePort } from './stable-port';

const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 1_000;
/** Keys that one step of a migration moves. */
const KEYS_PER_MOVE = 50;
const MIGRATE_TIMEOUT_MS = 5_000;

/** A master and its replica, as they are at the moment. */
export interface Shard {
  master: RedisNode;
  replicas: RedisNode[];
}

/** A row of CLUSTER SLOTS: first slot, last slot, the master, its replicas. */
type SlotsRow = [number, number, ...[string, number, string][]];

/** A Redis Cluster of processes on 127.0.0.1. Roles change as the nodes decide. */
export class RedisCluster {
  private constructor(private readonly members: Member[]) {}

  /** @param options.masters each with one replica. */
  static async start({ masters = 3 } = {}): Promise<RedisCluster> {
    const numbers = Array.from({ length: 2 * masters }, (_, number) => number);
    const cluster = new RedisCluster(await Promise.all(numbers.map(startMember)));
    await cluster.join(masters);
    return cluster;
  }

  get nodes(): readonly RedisNode[] {
    return this.members.map(({ node }) => node);
  }

  /** For REDIS_CLUSTER_NODES. */
  get addresses(): string {
    return this.nodes.map(({ address }) => address).join(',');
  }

  /** The shards as most of the running nodes see them. */
  async shards(): Promise<Shard[]> {
    const rows = await this.slots();
    const shards = new Map<RedisNode, Shard>();
    for (const [, , ...members] of rows) {
      const [master, ...replicas] = members.map(([, port]) => this.nodeAt(port));
      if (master) {
        shards.set(master, { master, replicas });
      }
    }
    return [...shards.values()];
  }

  /** The present master of a partition. */
  async masterOf(partition: number): Promise<RedisNode> {
    const slot = await this.slotOf(partition);
    const row = (await this.slots()).find(([first, last]) => first <= slot && slot <= last);
    if (!row?.[2]) {
      throw new Error(`partition ${partition} has no master`);
    }
    return this.nodeAt(row[2][1]);
  }

  /** The partitions of a node, as it has them at the moment. */
  async partitionsOf(node: RedisNode): Promise<number[]> {
    const partitions = RedisKeys.cluster.allPartitions();
    const masters = await Promise.all(partitions.map((partition) => this.masterOf(partition)));
    return partitions.filter((_, index) => masters[index] === node);
  }

  /** Moves the slot of a partition to another master, key by key, as resharding does. */
  async move(partition: number, to: RedisNode): Promise<void> {
    const from = await this.masterOf(partition);
    const slot = await this.slotOf(partition);
    const [fromId, toId] = await Promise.all([from, to].map((node) => idOf(node)));
    await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId!);
    await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId!);
    for (;;) {
      const keys = (await from.client.call(
        'CLUSTER',
        'GETKEYSINSLOT',
        slot,
        KEYS_PER_MOVE,
      )) as string[];
      if (keys.length === 0) {
        break;
      }
      await from.client.call(
        'MIGRATE',
        '127.0.0.1',
        to.port,
        '',
        0,
        MIGRATE_TIMEOUT_MS,
        'KEYS',
        ...keys,
      );
    }
    // The new owner first: it raises its epoch, so that no other node disputes it.
    const masters = (await this.shards()).map(({ master }) => master);
    for (const node of new Set([to, from, ...masters])) {
      await node.client.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId!);
    }
  }

  /** Starts a node and makes it a master without slots and without a replica. `healthy` fails until it has left. */
  async addMaster(): Promise<RedisNode> {
    const added = await startMember(this.members.length);
    const known = this.nodes[0]!;
    await known.client.call('CLUSTER', 'MEET', '127.0.0.1', added.node.port, added.busPort);
    this.members.push(added);
    await this.knowEachOther();
    return added.node;
  }

  /** Makes all others forget a master that has given its slots away, and stops it. */
  async removeMaster(node: RedisNode): Promise<void> {
    const id = await idOf(node);
    const index = this.members.findIndex((member) => member.node === node);
    const [removed] = this.members.splice(index, 1);
    await Promise.all(this.nodes.map(({ client }) => client.call('CLUSTER', 'FORGET', id)));
    removed!.bus.stop();
    await node.stop();
    await this.knowEachOther();
  }

  /** Cuts a node off from all others, but not from its clients. */
  isolate(node: RedisNode): void {
    const { source } = this.members.find((member) => member.node === node)!;
    this.members.forEach(({ node: other, bus }) =>
      bus.refuse((from) => other === node || from === source),
    );
  }

  /** Ends all isolations. */
  reconnect(): void {
    this.members.forEach(({ bus }) => bus.refuse(() => false));
  }

  /** Resolves when all slots have a master that answers, by all running nodes, and each master has a replica. */
  async healthy(): Promise<void> {
    await until(
      'the Redis Cluster is complete',
      async () => {
        const running = this.nodes.filter(({ isRunning }) => isRunning);
        const infos = await Promise.all(
          running.map(async ({ client }) => String(await client.call('CLUSTER', 'INFO'))),
        );
        const shards = await this.shards();
        const isLinked = await Promise.all(
          shards.flatMap(({ replicas }) => replicas).map((replica) => replica.caughtUp()),
        );
        return {
          states: infos.map((info) => /cluster_state:(\w+)/.exec(info)?.[1]),
          failing: infos.map((info) => /cluster_slots_p?fail:[1-9]/.test(info)),
          replicas: shards.map(({ replicas }) => replicas.length),
          isLinked,
        };
      },
      ({ states, failing, replicas, isLinked }) =>
        states.every((state) => state === 'ok') &&
        failing.every((fails) => !fails) &&
        replicas.every((count) => count > 0) &&
        isLinked.every(Boolean),
    );
  }

  async stop(): Promise<void> {
    this.members.forEach(({ bus }) => bus.stop());
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  private async join(masters: number): Promise<void> {
    const [first, ...others] = this.members;
    for (const { node, busPort } of others) {
      await first!.node.client.call('CLUSTER', 'MEET', '127.0.0.1', node.port, busPort);
    }
    const size = Math.ceil(SLOTS / masters);
    for (let index = 0; index < masters; index += 1) {
      const last = Math.min(SLOTS, (index + 1) * size) - 1;
      await this.nodes[index]!.client.call('CLUSTER', 'ADDSLOTSRANGE', index * size, last);
    }
    for (let index = 0; index < masters; index += 1) {
      const masterId = await idOf(this.nodes[index]!);
      const replica = this.nodes[masters + index]!;
      await until(`the replica ${index} knows its master`, async () => {
        try {
          await replica.client.call('CLUSTER', 'REPLICATE', masterId);
          return true;
        } catch {
          return false;
        }
      });
    }
    await this.healthy();
  }

  /** Resolves when each node counts as many nodes as there are, and takes part. */
  private async knowEachOther(): Promise<void> {
    await until(
      'all nodes know all others',
      async () => {
        const infos = await Promise.all(
          this.nodes.map(async ({ client }) => String(await client.call('CLUSTER', 'INFO'))),
        );
        return infos.map((info) => ({
          known: Number(/cluster_known_nodes:(\d+)/.exec(info)?.[1]),
          isOk: info.includes('cluster_state:ok'),
        }));
      },
      (views) => views.every(({ known, isOk }) => isOk && known === this.nodes.length),
    );
  }

  /** The slots by the node that knows most masters: one that is cut off counts its own alone as alive. */
  private async slots(): Promise<SlotsRow[]> {
    const views = await Promise.all(
      this.nodes
        .filter(({ isRunning }) => isRunning)
        .map(async ({ client }) => {
          const [slots, info] = await Promise.all([
            client.call('CLUSTER', 'SLOTS'),
            client.call('CLUSTER', 'INFO'),
          ]);
          const epoch = Number(/cluster_current_epoch:(\d+)/.exec(String(info))?.[1]);
          return { slots: slots as SlotsRow[], epoch, isOk: String(info).includes('state:ok') };
        }),
    );
    views.sort((one, two) => Number(two.isOk) - Number(one.isOk) || two.epoch - one.epoch);
    return views[0]?.slots ?? [];
  }

  private async slotOf(partition: number): Promise<number> {
    const { client } = this.nodes.find(({ isRunning }) => isRunning)!;
    return Number(await client.call('CLUSTER', 'KEYSLOT', RedisKeys.cluster.checkpoint(partition)));
  }

  private nodeAt(port: number): RedisNode {
    return this.nodes.find((node) => node.port === port)!;
  }
}

/** A node, and the way of the others to it. */
interface Member {
  node: RedisNode;
  /** The address from which it connects to others. */
  source: string;
  busPort: number;
  bus: BusProxy;
}

async function startMember(number: number): Promise<Member> {
  const source = `127.0.0.${number + 11}`;
  const [ownBusPort, busPort] = [await stablePort(), await stablePort()];
  const node = await RedisNode.start({
    flags: [
      ...['--cluster-enabled', 'yes'],
      ...['--cluster-port', String(ownBusPort)],
      ...['--cluster-announce-bus-port', String(busPort)],
      ...['--bind-source-addr', source],
      // It takes 127.0.0.1 alone for this machine; the node listens on nothing else.
      ...['--protected-mode', 'no'],
      ...['--cluster-node-timeout', String(NODE_TIMEOUT_MS)],
      ...['--cluster-allow-replica-migration', 'no'],
      // As docs/redis.md asks: otherwise all masters refuse commands while one is away.
      ...['--cluster-require-full-coverage', 'no'],
      // A replica that has missed writes for long must take over all the same.
      ...['--cluster-replica-validity-factor', '0'],
    ],
  });
  return { node, source, busPort, bus: await BusProxy.start(busPort, ownBusPort) };
}

async function idOf({ client }: RedisNode): Promise<string> {
  return String(await client.call('CLUSTER', 'MYID'));
}
