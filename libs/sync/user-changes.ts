import { Injectable } from '@nestjs/common';

type Listener = (userId: string) => void;

/**
 * Tells whoever keeps something of users in this process that it is out of date: after this process has
 * changed it, and when the outbox says that any has. Before either is answered for.
 */
@Injectable()
export class UserChanges {
  private readonly listeners: Listener[] = [];

  /** To be called before the application starts. */
  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** To be called when Redis has the change, or could not take it. */
  happened(userId: string): void {
    this.listeners.forEach((listener) => listener(userId));
  }
}
