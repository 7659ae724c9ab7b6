/** What is kept of one session. */
export interface NearEntry {
  readonly userId: string;
  readonly sessionId: string;
  /** By the monotonic clock. */
  readonly askedMs: number;
}

/**
 * A bounded number of entries, by session and by user. All live equally long, so when there is no room
 * the oldest goes: it would have been the next to go anyway, however often it is used.
 */
export class NearEntries<Entry extends NearEntry> {
  private readonly entries = new Map<string, Entry>();
  private readonly sessionsOf = new Map<string, Set<string>>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(sessionId: string): Entry | undefined {
    return this.entries.get(sessionId);
  }

  /** Takes the place of what there was of the session. */
  put(entry: Entry): void {
    const { userId, sessionId } = entry;
    this.remove(this.entries.get(sessionId));
    this.entries.set(sessionId, entry);
    const sessions = this.sessionsOf.get(userId);
    if (sessions) {
      sessions.add(sessionId);
    } else {
      this.sessionsOf.set(userId, new Set([sessionId]));
    }
    if (this.entries.size > this.capacity) {
      const [oldest] = this.entries.values();
      this.remove(oldest);
    }
  }

  removeUser(userId: string): void {
    this.sessionsOf.get(userId)?.forEach((sessionId) => this.entries.delete(sessionId));
    this.sessionsOf.delete(userId);
  }

  removeAskedBefore(ms: number): void {
    for (const entry of this.entries.values()) {
      if (entry.askedMs >= ms) {
        return;
      }
      this.remove(entry);
    }
  }

  clear(): void {
    this.entries.clear();
    this.sessionsOf.clear();
  }

  private remove(entry: Entry | undefined): void {
    if (!entry) {
      return;
    }
    const { userId, sessionId } = entry;
    this.entries.delete(sessionId);
    const sessions = this.sessionsOf.get(userId);
    sessions?.delete(sessionId);
    if (sessions?.size === 0) {
      this.sessionsOf.delete(userId);
    }
  }
}
