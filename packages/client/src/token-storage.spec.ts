import { localStorageTokens, memoryTokens, type Tokens } from './token-storage';

const TOKENS: Tokens = {
  sessionId: 's',
  accessToken: 'a',
  refreshToken: 'r',
  expiresIn: 60,
  receivedAt: 1,
};

function fakeLocalStorage(entries = new Map<string, string>()) {
  return {
    entries,
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
  };
}

describe('token storages', () => {
  it.each([
    ['memory', () => memoryTokens()],
    ['localStorage', () => localStorageTokens('key', fakeLocalStorage())],
  ])('%s returns what was written, and null after null', async (_name, make) => {
    const storage = make();
    expect(await storage.read()).toBeNull();
    await storage.write(TOKENS);
    expect(await storage.read()).toEqual(TOKENS);
    await storage.write(null);
    expect(await storage.read()).toBeNull();
  });

  it.each(['', '{', '1', 'null', '{"accessToken":"a"}'])(
    '%j in localStorage is no session',
    async (text) => {
      const storage = localStorageTokens('key', fakeLocalStorage(new Map([['key', text]])));
      expect(await storage.read()).toBeNull();
    },
  );

  it('a name is that of the entry: tabs with the same entry share the lock', () => {
    expect(localStorageTokens('key', fakeLocalStorage()).name).toBe('key');
    expect(memoryTokens().name).toBeUndefined();
  });
});
