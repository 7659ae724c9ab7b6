import { Injectable } from '@nestjs/common';

type Listener = (userId: string) => void;

/**
 * Emits the id of each changed user, for caches in this process: before this process answers a change of its own, and
 * before a poll of the outbox that finds a change counts as complete.
 */
@Injectable()
export class UserChanges {
  private readonly listeners: Listener[] = [];

  /** Call it before the application starts. */
  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Call it once the change is in Redis, or could not be written. */
  happened(userId: string): void {
    this.listeners.forEach((listener) => listener(userId));
  }
}
