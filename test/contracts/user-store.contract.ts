import { randomUUID } from 'node:crypto';
import { EmailTakenError, type UserStore } from '../../libs/user';

/** A store to be tested, empty or not, and how it is closed. */
export interface OpenUserStore {
  store: UserStore;
  close: () => Promise<void>;
}

/**
 * The tests that every `UserStore` passes: run them on a store of your own.
 * @param open called once; its store must take new accounts.
 */
export function userStoreContract(name: string, open: () => Promise<OpenUserStore>): void {
  describe(`${name} is a UserStore`, () => {
    let opened: OpenUserStore;
    let store: UserStore;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });

    afterAll(() => opened.close());

    const newUser = () => ({
      email: `${randomUUID()}@example.com`,
      passwordHash: `hash of ${randomUUID()}`,
      displayName: 'Ada',
    });

    async function create() {
      const user = newUser();
      const { profile, version } = await store.create(user);
      return { ...user, id: profile.id, version, profile };
    }

    it('creates an account with the role user and a first version', async () => {
      const { email, id, version, profile } = await create();
      expect(profile).toEqual({
        id,
        email,
        displayName: 'Ada',
        bio: null,
        avatarUrl: null,
        role: 'user',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        updatedAt: profile.createdAt,
      });
      expect(await store.readProfile(id)).toEqual({ version, profile });
    });

    it('refuses an address that is taken, in any case and with any space around it', async () => {
      const { email } = await create();
      const again = { ...newUser(), email: `  ${email.toUpperCase()} ` };
      await expect(store.create(again)).rejects.toThrow(EmailTakenError);
    });

    it('creates one of two accounts with the same address', async () => {
      const user = newUser();
      const outcomes = await Promise.allSettled([store.create(user), store.create(user)]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    it('finds an account by its address, in any case', async () => {
      const { id, email } = await create();
      expect(await store.findIdByEmail(` ${email.toUpperCase()} `)).toBe(id);
      expect(await store.findIdByEmail(`${randomUUID()}@example.com`)).toBeNull();
    });

    it('has the credentials of an account', async () => {
      const { id, passwordHash } = await create();
      const credentials = { userId: id, role: 'user', passwordHash, disabled: false };
      expect(await store.findCredentials(id)).toEqual(credentials);
    });

    it('answers null for an account that does not exist', async () => {
      const id = randomUUID();
      expect([
        await store.findCredentials(id),
        await store.readProfile(id),
        await store.updateProfile(id, { bio: 'x' }),
        await store.replaceAvatar(id, null),
        await store.changeAccount(id, { role: 'admin' }),
        await store.delete(id, 'hash'),
      ]).toEqual([null, null, null, null, null, null]);
      expect(await store.replacePasswordHash(id, 'hash', 'next')).toBe(false);
    });

    it('raises the version with every change of the profile', async () => {
      const { id, version } = await create();
      const changed = await store.updateProfile(id, { bio: 'a bio' });
      expect(changed).toMatchObject({ version: version + 1, profile: { bio: 'a bio' } });
      expect(changed?.profile.displayName).toBe('Ada');
      const emptied = await store.updateProfile(id, { displayName: null });
      expect(emptied).toMatchObject({
        version: version + 2,
        profile: { displayName: null, bio: 'a bio' },
      });
    });

    it('changes a profile of the named versions only', async () => {
      const { id, version } = await create();
      expect(await store.updateProfile(id, { bio: 'x' }, [version + 1])).toBeNull();
      expect(await store.updateProfile(id, { bio: 'x' }, [version])).not.toBeNull();
    });

    it('makes one of two changes of the same version', async () => {
      const { id, version } = await create();
      const both = ['one', 'two'].map((bio) => store.updateProfile(id, { bio }, [version]));
      expect((await Promise.all(both)).filter((changed) => changed !== null)).toHaveLength(1);
    });

    it('replaces a picture and returns the previous one', async () => {
      const { id, version } = await create();
      const url = `/avatars/${randomUUID()}`;
      expect(await store.replaceAvatar(id, url)).toMatchObject({
        version: version + 1,
        previousAvatarUrl: null,
        profile: { avatarUrl: url },
      });
      expect(await store.shownAvatars([url, '/avatars/none'])).toEqual([url]);
      expect(await store.replaceAvatar(id, null)).toMatchObject({ previousAvatarUrl: url });
      expect(await store.shownAvatars([url])).toEqual([]);
    });

    it('replaces a password hash only if it is the expected one', async () => {
      const { id, passwordHash } = await create();
      expect(await store.replacePasswordHash(id, 'another', 'next')).toBe(false);
      expect(await store.replacePasswordHash(id, passwordHash, 'next')).toBe(true);
      expect((await store.findCredentials(id))?.passwordHash).toBe('next');
    });

    it('makes one of two replacements of the same hash', async () => {
      const { id, passwordHash } = await create();
      const both = ['one', 'two'].map((next) => store.replacePasswordHash(id, passwordHash, next));
      expect((await Promise.all(both)).filter(Boolean)).toHaveLength(1);
    });

    it('disables and enables an account, and returns its previous state', async () => {
      const { id, passwordHash } = await create();
      expect(await store.changeAccount(id, { disabled: true })).toMatchObject({
        disabled: true,
        previous: { role: 'user', disabled: false },
      });
      expect((await store.findCredentials(id))?.disabled).toBe(true);
      expect(await store.replacePasswordHash(id, passwordHash, 'next')).toBe(false);
      expect(await store.delete(id, passwordHash)).toBeNull();
      expect(await store.changeAccount(id, { disabled: false })).toMatchObject({
        disabled: false,
        previous: { disabled: true },
      });
    });

    it('changes a role and nothing else', async () => {
      const { id, version } = await create();
      expect(await store.changeAccount(id, { role: 'admin' })).toMatchObject({
        version: version + 1,
        disabled: false,
        profile: { role: 'admin', displayName: 'Ada' },
        previous: { role: 'user' },
      });
    });

    it('deletes an account only with the expected hash, and frees its address', async () => {
      const { id, email, passwordHash, profile, version } = await create();
      expect(await store.delete(id, 'another')).toBeNull();
      expect(await store.delete(id, passwordHash)).toEqual({ version: version + 1, profile });
      expect(await store.readProfile(id)).toBeNull();
      expect((await store.create({ ...newUser(), email })).profile.id).not.toBe(id);
    });
  });
}
