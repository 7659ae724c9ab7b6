import { Injectable } from '@nestjs/common';

type Listener = (userId: string) => void;

/**
 * Names each user of whom something has changed: when this process has changed it, before it answers, and when a poll of
 * the outbox finds the user, before that poll counts as complete. For caches in this process.
 */
@Injectable()
export class UserChanges {
  private readonly listeners: Listener[] = [];

  /** To be called before the application starts. */
  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** To be called when Redis has the change, or did not take it. */
  happened(userId: string): void {
    this.listeners.forEach((listener) => listener(userId));
  }
}
