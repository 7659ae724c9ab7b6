import { Injectable } from '@nestjs/common';
import { RedisKeys } from '../../../libs/redis';
import { OutboxApplier, SyncLeases, type SyncLease } from '../../../libs/sync';
import { parseCheckpoint } from '../../../libs/sync/checkpoint';
import { CheckpointStore } from '../../../libs/sync/checkpoint.store';

/** Trusts a partition because another one is in sync. */
@Injectable()
export class SharedLeases extends SyncLeases {
  override of(userId: string): SyncLease {
    const [anyHeld] = this.heldPartitions();
    return anyHeld === undefined ? super.of(userId) : this.at(anyHeld);
  }
}

/** Advances the checkpoint of the next partition as well, which may be on another server, regardless of its data. */
@Injectable()
export class MisplacedCheckpoints extends CheckpointStore {
  override async advance(
    ...[partition, from, to]: Parameters<CheckpointStore['advance']>
  ): ReturnType<CheckpointStore['advance']> {
    const next = (partition + 1) % RedisKeys.cluster.partitions;
    const text = await this.read(next).catch(() => null);
    const known = parseCheckpoint(text);
    if (known) {
      await this.begin(next, text, { ...to, epoch: known.epoch }).catch(() => null);
    }
    return super.advance(partition, from, to);
  }
}

/** Catches up, and forgets every other partition. */
@Injectable()
export class ForgottenPartitions extends OutboxApplier {
  override poll(
    ...[from, options]: Parameters<OutboxApplier['poll']>
  ): ReturnType<OutboxApplier['poll']> {
    const even = [...options.partitions].filter((partition) => partition % 2 === 0);
    return super.poll(from, { ...options, partitions: new Set(even) });
  }
}
