/** As much of `navigator.locks` as is used; browsers have it on HTTPS and on localhost, Node from 24.5. */
interface Locks {
  request<T>(name: string, action: () => Promise<T>): Promise<T>;
}

/** The last action of each name that waits or runs in this process. */
const last = new Map<string, Promise<unknown>>();

/**
 * Runs actions of the same name one at a time: of all tabs of the origin, or all threads of the process, where there is
 * `navigator.locks`; otherwise of this tab or thread.
 */
export function exclusively<T>(name: string, action: () => Promise<T>): Promise<T> {
  const { navigator } = globalThis as { navigator?: { locks?: Locks } };
  return navigator?.locks
    ? navigator.locks.request(`latchkey:${name}`, action)
    : inTurn(name, action);
}

function inTurn<T>(name: string, action: () => Promise<T>): Promise<T> {
  const before = last.get(name) ?? Promise.resolve();
  const mine = before.then(action, action).finally(() => {
    if (last.get(name) === mine) {
      last.delete(name);
    }
  });
  last.set(name, mine);
  return mine;
}
