/**
 * A bounded number of values, of which those who are asked for stay. In two generations, so that a value
 * that is in use costs one look into a map, and nothing has to be kept in order.
 */
export class RecentlyUsed<Key, Value> {
  private current = new Map<Key, Value>();
  /** Those who were not asked for since `current` was begun: the next ones to be forgotten. */
  private previous = new Map<Key, Value>();
  private readonly generation: number;

  /** @param capacity values at most. */
  constructor(capacity: number) {
    this.generation = Math.ceil(capacity / 2);
  }

  get(key: Key): Value | undefined {
    const known = this.current.get(key);
    if (known !== undefined) {
      return known;
    }
    const older = this.previous.get(key);
    if (older !== undefined) {
      this.set(key, older);
    }
    return older;
  }

  set(key: Key, value: Value): void {
    if (this.current.size >= this.generation) {
      this.previous = this.current;
      this.current = new Map();
    }
    this.current.set(key, value);
  }

  delete(key: Key): void {
    this.current.delete(key);
    this.previous.delete(key);
  }
}
