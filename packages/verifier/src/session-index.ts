/** The ids of a token's session and user. */
export interface Ids {
  readonly sub: string;
  readonly sid: string;
}

/** Values by token, in the order of insertion, which are also found by the session or the user of the token. */
export class SessionIndex<T> {
  private readonly values = new Map<string, { ids: Ids; value: T }>();
  private readonly tokensOf = new Map<string, Set<string>>();

  get size(): number {
    return this.values.size;
  }

  get(token: string): T | undefined {
    return this.values.get(token)?.value;
  }

  /** As `get`, and makes the token the last in the order. */
  touch(token: string): T | undefined {
    const found = this.values.get(token);
    if (found !== undefined) {
      this.values.delete(token);
      this.values.set(token, found);
    }
    return found?.value;
  }

  set(token: string, ids: Ids, value: T): void {
    this.delete(token);
    this.values.set(token, { ids, value });
    for (const name of namesOf(ids)) {
      const tokens = this.tokensOf.get(name) ?? new Set();
      this.tokensOf.set(name, tokens.add(token));
    }
  }

  delete(token: string): void {
    const found = this.values.get(token);
    if (found === undefined) {
      return;
    }
    this.values.delete(token);
    for (const name of namesOf(found.ids)) {
      const tokens = this.tokensOf.get(name);
      tokens?.delete(token);
      if (tokens?.size === 0) {
        this.tokensOf.delete(name);
      }
    }
  }

  clear(): void {
    this.values.clear();
    this.tokensOf.clear();
  }

  /** The tokens of a session or a user. @param name of `sessionName` or `userName` */
  tokensNamed(name: string): string[] {
    return [...(this.tokensOf.get(name) ?? [])];
  }

  all(): T[] {
    return [...this.values.values()].map(({ value }) => value);
  }

  oldestToken(): string | undefined {
    return this.values.keys().next().value;
  }
}

export const sessionName = (sid: string): string => `session ${sid}`;
export const userName = (sub: string): string => `user ${sub}`;
export const namesOf = ({ sub, sid }: Ids): string[] => [sessionName(sid), userName(sub)];
