import {
  ApiError,
  NetworkError,
  TimeoutError,
  type LatchkeyClient,
} from '../../../packages/client/src';
import { AdminService } from '../../../libs/auth';
import { PASSWORD, type TestApp } from '../../support/app';
import { SERVICE, startAttackedApp } from '../../support/attacked-app';
import { monochromePng } from '../../support/pictures';
import { TcpProxy } from '../../support/tcp-proxy';
import { clientOf, failure, signedInClientOf } from './client-of';

describe('calls of the client', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startAttackedApp();
  });

  afterAll(() => app.close());

  it('serve an account from its registration to its end', async () => {
    const { client, ends, user, session } = await signedInClientOf(app);
    expect(await client.profile()).toEqual(user);
    expect(await client.updateProfile({ displayName: 'Ada', bio: null })).toMatchObject({
      id: user.id,
      displayName: 'Ada',
    });
    const picture = new Blob([new Uint8Array(monochromePng(8, 8))]);
    const { avatarUrl } = await client.uploadAvatar(picture);
    expect(avatarUrl).toMatch(/^\/avatars\//);

    const other = clientOf(app);
    await other.client.login({ email: user.email, password: PASSWORD });
    const { sessions } = await client.sessions({ limit: 5 });
    expect(sessions.map(({ current }) => current)).toEqual([false, true]);
    await client.revokeSession(sessions[0]!.id);
    expect(await failure(other.client.profile())).toMatchObject({ code: 'token_revoked' });
    expect((await client.sessions()).sessions.map(({ id }) => id)).toEqual([session.id]);

    await clientOf(app).client.login({ email: user.email, password: PASSWORD, remember: true });
    const provedAt = await client.reauthenticate({ password: PASSWORD });
    expect(Math.abs(provedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await client.revokeOtherSessions()).toBe(1);

    const newPassword = 'a brighter horse battery staple';
    await client.changePassword({ currentPassword: PASSWORD, newPassword });
    expect(await client.accessToken()).toBeNull();
    await client.login({ email: user.email, password: newPassword });
    expect(await client.logoutAll()).toBe(1);
    await client.login({ email: user.email, password: newPassword });
    await client.logout();
    await client.login({ email: user.email, password: newPassword });
    await client.deleteAccount({ currentPassword: newPassword });
    expect(ends).toEqual(['password_changed', 'logout', 'logout', 'account_deleted']);
    expect(other.ends).toEqual(['token_revoked']);
  });

  it('reach every operation by its id', async () => {
    const { client, user } = await signedInClientOf(app);
    await app.nest.get(AdminService).changeAccount(user.id, { role: 'admin' });
    await client.login({ email: user.email, password: PASSWORD });
    const { data, status, headers } = await client.call('listUserSessions', {
      path: { id: user.id },
      query: { limit: 1 },
    });
    expect([data.sessions.length, status]).toEqual([1, 200]);
    expect(headers.get('x-request-id')).toBeTruthy();
    const authorization = `Basic ${Buffer.from(SERVICE).toString('base64')}`;
    const introspection = await client.call('introspectToken', {
      body: new URLSearchParams({ token: (await client.accessToken())! }),
      headers: { authorization },
    });
    expect(introspection.data).toMatchObject({ active: true, sub: user.id });
    expect((await client.call('getLiveness')).data).toMatchObject({ status: 'ok' });
  });

  it('answer text as text, and a picture as a Blob', async () => {
    const { client } = await signedInClientOf(app);
    expect((await client.call('getMetrics')).data).toContain('latchkey_');
    const picture = new Blob([new Uint8Array(monochromePng(8, 8))]);
    const { avatarUrl } = await client.uploadAvatar(picture);
    const file = avatarUrl!.split('/').at(-1)!;
    const avatar = await client.call('getAvatar', { path: { file } });
    expect([avatar.data?.type, avatar.data!.size > 0]).toEqual(['image/webp', true]);
  });

  it('answer 304 without a body to the ETag of a copy', async () => {
    const { client } = await signedInClientOf(app);
    const { headers } = await client.call('getProfile');
    const copy = { headers: { 'if-none-match': headers.get('etag')! } };
    const { status, data } = await client.call('getProfile', copy);
    expect([status, data]).toEqual([304, undefined]);
  });

  it('throw an ApiError with the fields of the problem', async () => {
    const { client } = clientOf(app);
    const error = await failure(client.register({ email: 'nobody', password: 'x' }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 'validation_failed',
      status: 400,
      detail: expect.any(String) as string,
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      retryAfterSeconds: undefined,
    });
    const fields = (error as ApiError).errors.map(({ field }) => field);
    expect(fields.sort()).toEqual(['email', 'password']);
  });

  it.each(['', '.', '..'])(
    'refuse %j in a path, which would name another operation',
    async (id) => {
      const { client } = await signedInClientOf(app);
      expect(await failure(client.revokeSession(id))).toBeInstanceOf(RangeError);
    },
  );

  it('return from logout without an error when the session has ended before', async () => {
    const { client, user, ends } = await signedInClientOf(app);
    await app.nest.get(AdminService).changeAccount(user.id, { disabled: true });
    await client.logout();
    expect(ends).toEqual(['token_revoked']);
  });

  describe('without an answer', () => {
    let proxy: TcpProxy;
    let client: LatchkeyClient;
    let time: ReturnType<typeof clientOf>['time'];

    beforeEach(async () => {
      proxy = await TcpProxy.start(Number(new URL(app.http.origin).port));
      ({ client, time } = await signedInClientOf(app, {
        baseUrl: `http://127.0.0.1:${proxy.port}`,
      }));
    });

    afterEach(() => proxy.stop());

    it('throw a NetworkError', async () => {
      await proxy.refuse();
      const error = await failure(client.profile());
      expect(error).toBeInstanceOf(NetworkError);
      expect(error).toMatchObject({ code: 'network_error' });
    });

    it('throw a TimeoutError at their deadline', async () => {
      proxy.hang();
      const calls = [
        failure(client.profile()),
        failure(client.call('getProfile', { timeoutMs: 7 })),
      ];
      await time.pass(7);
      expect(await calls[1]).toMatchObject({ code: 'timeout', timeoutMs: 7 });
      await time.pass(30_000 - 7);
      expect(await calls[0]).toBeInstanceOf(TimeoutError);
    });

    it('throw the reason of the signal that the caller aborts', async () => {
      proxy.hang();
      const caller = new AbortController();
      const call = failure(client.call('getProfile', { signal: caller.signal }));
      const reason = new Error('the page was left');
      caller.abort(reason);
      expect(await call).toBe(reason);
      expect(await failure(client.call('getProfile', { signal: caller.signal }))).toBe(reason);
    });
  });
});
