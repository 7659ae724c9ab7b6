/** Users whose changes are remembered one by one; of those before them only that there were some. */
const CAPACITY = 4096;

/**
 * Whether something of a user has changed since a question was asked: a change may be told before the
 * answer that does not know of it yet. Remembers a bounded number of users, and in doubt says yes.
 */
export class RecentChanges {
  private sequence = 0;
  private readonly lastOf = new Map<string, number>();
  /** What changed up to here is not known one by one any more. */
  private forgotten = 0;

  /** To be taken before the question is asked. */
  stamp(): number {
    return this.sequence;
  }

  note(userId: string): void {
    this.sequence += 1;
    this.lastOf.delete(userId);
    this.lastOf.set(userId, this.sequence);
    if (this.lastOf.size > CAPACITY) {
      const [[oldest, sequence] = [userId, this.sequence]] = this.lastOf;
      this.lastOf.delete(oldest);
      this.forgotten = sequence;
    }
  }

  /** Anything may have changed, of anybody. */
  noteAll(): void {
    this.sequence += 1;
    this.lastOf.clear();
    this.forgotten = this.sequence;
  }

  /** Whether nothing of the user has changed since the stamp was taken. */
  isUnchanged(userId: string, stamp: number): boolean {
    return (this.lastOf.get(userId) ?? this.forgotten) <= stamp;
  }
}
