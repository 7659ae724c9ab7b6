/** As much of `navigator.locks` as is used; browsers have it on HTTPS and on localhost, Node from 24.5. */
interface Locks {
  request<T>(
    name: string,
    options: { ifAvailable?: boolean },
    action: (lock: object | null) => Promise<T>,
  ): Promise<T>;
}

/** @param hasWaited whether another tab has run its action just before */
type Action<T> = (hasWaited: boolean) => Promise<T>;

const TAKEN = Symbol('taken');

/** The last action of each name that waits or runs in this process. */
const last = new Map<string, Promise<unknown>>();

/**
 * Runs actions of the same name one at a time: of all tabs of the origin, or all threads of the process, where there is
 * `navigator.locks`; otherwise of this tab or thread.
 */
export async function exclusively<T>(name: string, action: Action<T>): Promise<T> {
  const { navigator } = globalThis as { navigator?: { locks?: Locks } };
  if (!navigator?.locks) {
    return inTurn(name, action);
  }
  const lockName = `latchkey:${name}`;
  const result = await navigator.locks.request<T | typeof TAKEN>(
    lockName,
    { ifAvailable: true },
    async (lock) => (lock ? action(false) : TAKEN),
  );
  return result === TAKEN ? navigator.locks.request(lockName, {}, () => action(true)) : result;
}

function inTurn<T>(name: string, action: Action<T>): Promise<T> {
  const before = last.get(name) ?? Promise.resolve();
  const act = () => action(false);
  const mine = before.then(act, act).finally(() => {
    if (last.get(name) === mine) {
      last.delete(name);
    }
  });
  last.set(name, mine);
  return mine;
}
