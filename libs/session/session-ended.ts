import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '#libs/common';
import type { EndReason } from './session';

/** Sessions of one user that the same operation has revoked. Expiry emits nothing. */
export interface SessionsEnded {
  userId: string;
  reason: EndReason;
  /** The number of live ones. */
  count: number;
  /** Only for a single session. */
  sessionId?: string;
  /** The origin, if that is not the current request. */
  origin?: RequestOrigin;
}

export type SessionsEndedListener = (ended: SessionsEnded) => void | Promise<void>;

/** Emits the end of sessions to audit and metrics. */
@Injectable()
export class SessionEndedEvents {
  private readonly listeners: SessionsEndedListener[] = [];

  /** Call it before the application starts. */
  onEnded(listener: SessionsEndedListener): void {
    this.listeners.push(listener);
  }

  /**
   * Call it once Postgres has recorded the end; for all sessions of a user, in the transaction that records it.
   * @throws the error of a listener; that transaction is then rolled back.
   */
  async emit(ended: SessionsEnded): Promise<void> {
    for (const listener of this.listeners) {
      await listener(ended);
    }
  }
}
