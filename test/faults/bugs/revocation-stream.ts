import { Injectable } from '@nestjs/common';
import { OutboxFeed, type Checkpoint, type OutboxFollower } from '../../../libs/sync';
import type { RecordedEntry } from '../../../libs/sync';

/** Lets a client resume from any position, without the ends that it has missed. */
@Injectable()
export class ForgetfulFeed extends OutboxFeed {
  override async *resume(): AsyncGenerator<RecordedEntry[] | null, void> {
    yield await Promise.resolve([]);
  }
}

const BEAT_MS = 200;

/** Sends heartbeats by a timer, also while no poll is complete. */
@Injectable()
export class TimedHeartbeats extends OutboxFeed {
  private last: Checkpoint | undefined;

  override onRead(follower: OutboxFollower): void {
    super.onRead({
      read: (page) => follower.read(page),
      reset: () => follower.reset(),
      complete: (checkpoint, asOfMs) => {
        this.last = checkpoint;
        follower.complete(checkpoint, asOfMs);
      },
    });
    setInterval(() => {
      if (this.last) {
        follower.complete(this.last, performance.now());
      }
    }, BEAT_MS).unref();
  }
}
