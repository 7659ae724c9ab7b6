import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '#libs/common';
import type { EndReason } from './session';

/** Sessions of one user that have ended by the same act. Those that expire are not told of. */
export interface SessionsEnded {
  userId: string;
  reason: EndReason;
  /** How many of them were alive. */
  count: number;
  /** Where it was one. */
  sessionId?: string;
  /** Where it came from, if not from the request that is being handled. */
  origin?: RequestOrigin;
}

export type SessionsEndedListener = (ended: SessionsEnded) => void | Promise<void>;

/** Tells audit and metrics that sessions have ended. */
@Injectable()
export class SessionEndedEvents {
  private readonly listeners: SessionsEndedListener[] = [];

  /** To be called before the application starts. */
  onEnded(listener: SessionsEndedListener): void {
    this.listeners.push(listener);
  }

  /**
   * To be called when Postgres has recorded the end, for all sessions of a user within the transaction that records it.
   * @throws what a listener throws; then that transaction is rolled back.
   */
  async emit(ended: SessionsEnded): Promise<void> {
    for (const listener of this.listeners) {
      await listener(ended);
    }
  }
}
