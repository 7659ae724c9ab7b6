import type { Socket } from 'node:net';
import { OverloadedError } from '#libs/common';

/** Uploads that are received or processed at once; together at most 160 MiB. */
const MAX_AT_ONCE = 32;
const MAX_OF_ONE_USER = 4;
const MAX_OF_ONE_ADDRESS = 8;

/** The origin of an upload. */
export interface UploadSource {
  userId: string;
  /** Represents all addresses that one party can choose from. */
  addressGroup: string;
  connection: Pick<Socket, 'bytesRead'>;
}

/** A slot for one upload, until it is released. */
export interface UploadSlot extends UploadSource {
  /** Aborted when another upload takes the slot. Its reason is an OverloadedError. */
  readonly signal: AbortSignal;
  /** Set it once the whole upload has arrived: the slot is then kept until its release. */
  isReceived: boolean;
}

interface TakenSlot extends UploadSlot {
  controller: AbortController;
  beganMs: number;
  bytesBefore: number;
}

/** A bounded number of uploads at once: per user, per address, and in total. Slow uploads lose their slot to others. */
export class UploadSlots {
  private readonly taken: TakenSlot[] = [];

  /** @param minAgeMs age below which an upload is not displaced, even if it is slow. */
  constructor(private readonly minAgeMs: () => number) {}

  get count(): number {
    return this.taken.length;
  }

  get beingReceived(): number {
    return this.taken.filter(({ isReceived }) => !isReceived).length;
  }

  /**
   * Takes a slot. At a bound, the slowest upload that counts towards it, has not arrived and is old enough loses its
   * slot.
   * @throws OverloadedError if there is none.
   */
  take(source: UploadSource): UploadSlot {
    const { userId, addressGroup, connection } = source;
    const bounds: [limit: number, counts: (slot: TakenSlot) => boolean][] = [
      [MAX_OF_ONE_USER, (slot) => slot.userId === userId],
      [MAX_OF_ONE_ADDRESS, (slot) => slot.addressGroup === addressGroup],
      [MAX_AT_ONCE, () => true],
    ];
    const displaced = new Set<TakenSlot>();
    for (const [limit, counts] of bounds) {
      const rivals = this.taken.filter((slot) => counts(slot) && !displaced.has(slot));
      if (rivals.length >= limit) {
        displaced.add(this.slowestOf(rivals));
      }
    }
    displaced.forEach((slot) => {
      this.release(slot);
      slot.controller.abort(new OverloadedError());
    });
    const controller = new AbortController();
    const slot: TakenSlot = {
      ...source,
      controller,
      signal: controller.signal,
      isReceived: false,
      beganMs: performance.now(),
      bytesBefore: connection.bytesRead,
    };
    this.taken.push(slot);
    return slot;
  }

  /** Does nothing for a slot that was displaced. */
  release(slot: UploadSlot): void {
    const place = this.taken.indexOf(slot as TakenSlot);
    if (place >= 0) {
      this.taken.splice(place, 1);
    }
  }

  private slowestOf(slots: TakenSlot[]): TakenSlot {
    const nowMs = performance.now();
    const bytesPerMs = ({ connection, bytesBefore, beganMs }: TakenSlot) =>
      (connection.bytesRead - bytesBefore) / (nowMs - beganMs);
    const [slowest] = slots
      .filter(({ isReceived, beganMs }) => !isReceived && nowMs - beganMs > this.minAgeMs())
      .sort((one, other) => bytesPerMs(one) - bytesPerMs(other));
    if (!slowest) {
      throw new OverloadedError();
    }
    return slowest;
  }
}
