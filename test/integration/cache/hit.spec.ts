import { SyncLeases } from '../../../libs/sync';
import { ProfileCache } from '../../../libs/user';
import { startTestApp, type TestApp } from '../../support/app';
import { until } from '../../support/until';

/** There is one partition. */
const ANYONE = 'any user';

describe('the entry of a cached profile', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(async () => {
    await app.close();
  });

  async function cachedEntry(): Promise<string> {
    const { accessToken: token, user } = await app.register();
    await app.http.get('/api/auth/profile', { token });
    return (await app.redis.client.get(app.nest.get(ProfileCache).keyOf(user.id)))!;
  }

  it('is read once: the same text is the same profile', async () => {
    const entry = await cachedEntry();
    const profiles = app.nest.get(ProfileCache);
    const first = profiles.hit(ANYONE, entry);
    expect(first).toMatchObject({ cache: 'HIT', profile: { role: 'user' } });
    expect(profiles.hit(ANYONE, [...entry].join(''))).toBe(first);
    expect(() => Object.assign(first!.profile, { role: 'admin' })).toThrow(TypeError);
  });

  it('is void in another epoch, also when it was read before', async () => {
    const entry = await cachedEntry();
    const profiles = app.nest.get(ProfileCache);
    expect(profiles.hit(ANYONE, entry)).not.toBeNull();
    const syncLease = app.nest.get(SyncLeases).at(0);
    const epoch = syncLease.epoch();
    await app.redis.client.flushall();
    await until(
      'a new epoch begins',
      () => syncLease.epoch(),
      (current) => current !== null && current !== epoch,
    );
    expect(profiles.hit(ANYONE, entry)).toBeNull();
  });
});
