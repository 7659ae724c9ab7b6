import type { Redis } from 'ioredis';
import type { AwayReason } from './away-reason';
import { clusterAwayReason } from './cluster-away';
import { agreedMasters, type NodeAddress, type SlotsAnswer } from './cluster-slots';
import type { RedisKeys } from './redis-keys';
import { type RedisNode, type NamedScript } from './redis-node';
import type { PartitionsListener, RedisNodes } from './redis-nodes';
import type { ProbeKeys, ProbeKind } from './server-probe';

/** Milliseconds between two looks at the masters, while a partition has none that can be used. */
const LOOK_MS = 250;
/** Milliseconds for which a partition counts as lost after a redirection: its slot may be on its way. */
const UNSETTLED_MS = 1000;

export interface ClusterOptions {
  keys: RedisKeys;
  /** Addresses to begin with, and to return to if no known server answers. */
  seeds: readonly NodeAddress[];
  kinds: ReadonlyMap<string, ProbeKind>;
  /** Makes a connection. */
  connect: (host: string, port: number) => Redis;
  /** Makes a node of the connection. */
  node: (redis: Redis, address: NodeAddress, probeKeys: ProbeKeys) => RedisNode;
}

/** A connected server and the partitions whose master it is. */
interface Member {
  host: string;
  node: RedisNode;
  partitions: number[];
}

/**
 * The masters of a Redis Cluster, with one connection to each. Its users learn when a partition changes its
 * server, before any command goes to the new one: the server may lack writes that the old one has confirmed. That is
 * why the Cluster client of the driver, which follows redirections silently, does not serve (decision 0039).
 */
export class ClusterNodes implements RedisNodes {
  private readonly members = new Map<NodeAddress, Member>();
  private readonly scripts: NamedScript[] = [];
  private readonly masters: (NodeAddress | null)[];
  private readonly unsettledUntilMs: number[];
  private readonly usableListeners: PartitionsListener[] = [];
  private readonly lostListeners: PartitionsListener[] = [];
  private looking = false;
  private isDirty = false;
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(private readonly options: ClusterOptions) {
    const { partitions } = options.keys;
    this.masters = Array.from({ length: partitions }, () => null);
    this.unsettledUntilMs = Array.from({ length: partitions }, () => -Infinity);
    this.joinSeeds();
    this.lookSoon();
  }

  of(partition: number): RedisNode | null {
    const member = this.memberOf(partition);
    return member && performance.now() >= (this.unsettledUntilMs[partition] ?? 0)
      ? member.node
      : null;
  }

  all(): readonly RedisNode[] {
    return [...this.members.values()]
      .filter(({ partitions }) => partitions.length > 0)
      .map(({ node }) => node);
  }

  get awayReason(): AwayReason | null {
    const states = [...this.members].map(([address, { node, partitions }]) => ({
      address,
      reason: node.awayReason,
      isMaster: partitions.length > 0,
    }));
    return clusterAwayReason(
      states.filter(({ isMaster }) => isMaster),
      states,
    );
  }

  define(script: NamedScript): void {
    this.scripts.push(script);
    this.members.forEach(({ node }) => node.define(script));
  }

  onUsable(listener: PartitionsListener): void {
    this.usableListeners.push(listener);
    const usable = this.masters.flatMap((_, partition) =>
      this.of(partition)?.connectionFailure === null ? [partition] : [],
    );
    if (usable.length > 0) {
      listener(usable);
    }
  }

  onLost(listener: PartitionsListener): void {
    this.lostListeners.push(listener);
  }

  redirected(partition: number): void {
    this.unsettledUntilMs[partition] = performance.now() + UNSETTLED_MS;
    this.tellLost([partition]);
    this.lookSoon();
  }

  tryAgain(): void {
    this.members.forEach(({ node }) => node.tryAgain());
  }

  stop(): void {
    this.stopping = true;
    clearTimeout(this.timer);
    this.members.forEach(({ node }) => node.stop());
  }

  close(): void {
    this.stop();
    this.members.forEach(({ node }) => node.close());
  }

  private memberOf(partition: number): Member | undefined {
    return this.members.get(this.masters[partition] ?? '');
  }

  private joinSeeds(): void {
    this.options.seeds.forEach((address) => this.join(address));
  }

  private join(address: NodeAddress): Member {
    const known = this.members.get(address);
    if (known) {
      return known;
    }
    const { keys, kinds, connect } = this.options;
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
    const partitions: number[] = [];
    const here = (key: string) => {
      const [partition] = partitions;
      return partition === undefined ? null : keys.inPartition(key, partition);
    };
    const redis = connect(host, Number(address.slice(colon + 1)));
    const node = this.options.node(redis, address, { kinds, here, isCluster: true });
    const member = { host, node, partitions };
    this.members.set(address, member);
    this.scripts.forEach((script) => node.define(script));
    node.onConnected(() => {
      this.tellUsable(partitions);
      this.lookSoon();
    });
    node.onDisconnected(() => {
      this.tellLost(partitions);
      this.lookSoon();
    });
    return member;
  }

  /** Looks at once, and again until each partition has a master that can be used. */
  private lookSoon(): void {
    this.isDirty = true;
    if (!this.looking && !this.stopping) {
      this.looking = true;
      void this.look().finally(() => {
        this.looking = false;
        if (!this.stopping && (this.isDirty || !this.isComplete())) {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.lookSoon(), LOOK_MS).unref();
        }
      });
    }
  }

  private isComplete(): boolean {
    return this.masters.every((_, partition) => this.of(partition)?.connectionFailure === null);
  }

  private async look(): Promise<void> {
    this.isDirty = false;
    const asked = [...this.members.values()].map(async ({ host, node }) =>
      node.clusterSlots().then(
        (reply): SlotsAnswer => ({ askedHost: host, reply }),
        () => null,
      ),
    );
    const answers = (await Promise.all(asked)).filter((answer) => answer !== null);
    if (this.stopping) {
      return;
    }
    if (answers.length === 0) {
      this.joinSeeds();
      return;
    }
    this.assign(agreedMasters(this.options.keys, answers, this.masters));
    this.leaveOthers();
  }

  private assign(masters: readonly (NodeAddress | null)[]): void {
    const moved = this.masters.flatMap((master, partition) => {
      const next = masters[partition] ?? null;
      return next !== null && next !== master ? [partition] : [];
    });
    this.tellLost(moved);
    const gained = new Map<Member, number[]>();
    for (const partition of moved) {
      const old = this.memberOf(partition);
      old?.partitions.splice(old.partitions.indexOf(partition), 1);
      const address = masters[partition] ?? '';
      const member = this.join(address);
      member.partitions.push(partition);
      this.masters[partition] = address;
      this.unsettledUntilMs[partition] = -Infinity;
      gained.set(member, [...(gained.get(member) ?? []), partition]);
    }
    gained.forEach((partitions, { node }) => {
      if (node.connectionFailure === null) {
        // It was probed without a key of its own so far, or with that of another partition.
        node.tryAgain();
        this.tellUsable(partitions);
      }
    });
  }

  /** Closes the connections to servers that are no masters of a partition. */
  private leaveOthers(): void {
    if (this.all().length === 0) {
      // No master is known yet: these are the servers to ask again.
      return;
    }
    for (const [address, { node, partitions }] of this.members) {
      if (partitions.length === 0) {
        this.members.delete(address);
        node.close();
      }
    }
  }

  private tellUsable(partitions: readonly number[]): void {
    if (partitions.length > 0) {
      this.usableListeners.forEach((listener) => listener(partitions));
    }
  }

  private tellLost(partitions: readonly number[]): void {
    if (partitions.length > 0) {
      this.lostListeners.forEach((listener) => listener(partitions));
    }
  }
}
