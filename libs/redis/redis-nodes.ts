import type { AwayReason } from './away-reason';
import type { NamedScript, RedisNode } from './redis-node';

/** Called with the partitions that are concerned. */
export type PartitionsListener = (partitions: readonly number[]) => void;

/** The servers that hold the partitions. */
export interface RedisNodes {
  /** The server of a partition; null while none is known. */
  of(partition: number): RedisNode | null;
  /** All servers that hold a partition, without repetition. */
  all(): readonly RedisNode[];
  /** Why a part of Redis cannot be used; null while all of it can, as far as known. */
  readonly awayReason: AwayReason | null;
  /** Makes a script known to all servers, also to those that join later. */
  define(script: NamedScript): void;
  /** @param listener called when partitions become usable, and immediately for those that are. */
  onUsable(listener: PartitionsListener): void;
  /**
   * @param listener called when partitions become unusable or are found on another server, before any command is sent
   * for them again.
   */
  onLost(listener: PartitionsListener): void;
  /** Called when a server says that it does not have a partition. */
  redirected(partition: number): void;
  /** Tries the servers again: keys for the probe were added. */
  tryAgain(): void;
  /** From now on the end of a connection is no outage. */
  stop(): void;
  close(): void;
}

const EVERYTHING = [0];

/** One server with one partition. The address may lead to another server, such as a new master. */
export class SingleNode implements RedisNodes {
  constructor(private readonly node: RedisNode) {}

  of(): RedisNode {
    return this.node;
  }

  all(): readonly RedisNode[] {
    return [this.node];
  }

  get awayReason(): AwayReason | null {
    return this.node.awayReason;
  }

  define(script: NamedScript): void {
    this.node.define(script);
  }

  onUsable(listener: PartitionsListener): void {
    this.node.onConnected(() => listener(EVERYTHING));
  }

  onLost(listener: PartitionsListener): void {
    this.node.onDisconnected(() => listener(EVERYTHING));
  }

  redirected(): void {
    // A single server sends no redirection.
  }

  tryAgain(): void {
    this.node.tryAgain();
  }

  stop(): void {
    this.node.stop();
  }

  close(): void {
    this.node.close();
  }
}
