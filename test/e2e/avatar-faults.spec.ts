import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AvatarOrphans } from '../../libs/avatar';
import { startTestApp, type TestApp } from '../support/app';
import { avatarForm, storedFiles } from '../support/avatars';
import { someOf } from '../support/long-tests';
import { monochromePng } from '../support/pictures';
import { startTestS3, type TestS3 } from '../support/s3';
import { sharedStores } from '../support/shared-stores';
import { newFolder } from '../support/stores';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const PROFILE = '/api/auth/profile';
const UPLOAD = `${PROFILE}/avatar`;
const HOUR_MS = 3_600_000;

type ProfileBody = Record<string, unknown> & { avatarUrl: string | null };

function upload(app: TestApp, token: string) {
  const form = avatarForm(monochromePng(64, 64));
  return app.http.post<ProfileBody>(UPLOAD, { token, form });
}

describe('an upload whose row cannot be written', () => {
  let app: TestApp;
  let postgres: TcpProxy;

  beforeAll(async () => {
    postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    app = await startTestApp({ postgresPort: postgres.port });
  });

  afterAll(async () => {
    postgres.restore();
    await app.close();
    postgres.stop();
  });

  it('leaves the old picture in place, and a file that is found later', async () => {
    const { accessToken: token } = await app.register();
    const { avatarUrl } = (await upload(app, token)).body;
    postgres.cut();
    const failed = await upload(app, token);
    expect([failed.status, failed.body.code]).toEqual([503, 'dependency_unavailable']);
    postgres.restore();
    expect(await storedFiles(app)).toHaveLength(4);
    expect((await app.http.get<ProfileBody>(PROFILE, { token })).body.avatarUrl).toBe(avatarUrl);
    app.clock.advance(2 * HOUR_MS);
    expect(await app.nest.get(AvatarOrphans).remove()).toBe(2);
    expect((await app.http.get(avatarUrl!)).status).toBe(200);
  });
});

describe('a directory that cannot be written', () => {
  let app: TestApp;

  beforeAll(async () => {
    const file = join(newFolder('no-avatars-'), 'file');
    writeFileSync(file, '');
    app = await startTestApp({ env: { AVATAR_DIR: join(file, 'avatars') } });
  });

  afterAll(async () => {
    await app.close();
  });

  it('is 503 for uploads, and nothing else', async () => {
    const { accessToken: token } = await app.register();
    const answer = await upload(app, token);
    expect([answer.status, answer.body.code]).toEqual([503, 'dependency_unavailable']);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(JSON.stringify(answer.body)).not.toContain('ENOTDIR');
    expect(app.log.join('')).toContain('ENOTDIR');
    expect((await app.http.get<ProfileBody>(PROFILE, { token })).body.avatarUrl).toBeNull();
  });
});

describe.each(someOf(['cut', 'hang'] as const, 1))('a bucket that is away (%s)', (fault) => {
  let app: TestApp;
  let s3: TestS3;
  let wire: TcpProxy;

  beforeAll(async () => {
    s3 = await startTestS3();
    wire = await TcpProxy.start(s3.port);
    const AVATAR_S3_ENDPOINT = `http://127.0.0.1:${wire.port}`;
    app = await startTestApp({ env: { ...s3.env, AVATAR_S3_ENDPOINT } });
  });

  afterAll(async () => {
    wire.restore();
    await app.close();
    wire.stop();
    await s3.stop();
  });

  it('is 503 for pictures, and the profile is still answered', async () => {
    const { accessToken: token } = await app.register();
    const { avatarUrl } = (await upload(app, token)).body;
    wire[fault]();
    const [uploaded, shown, removed, profile] = await Promise.all([
      upload(app, token),
      app.http.get(avatarUrl!),
      // The profile changes first. Its files are found later.
      app.http.delete(UPLOAD, { token: (await app.register()).accessToken }),
      app.http.get<ProfileBody>(PROFILE, { token }),
    ]);
    expect([uploaded.status, uploaded.body.code]).toEqual([503, 'dependency_unavailable']);
    expect([shown.status, shown.body.code]).toEqual([503, 'dependency_unavailable']);
    expect(removed.status).toBe(204);
    expect([profile.status, profile.body.avatarUrl]).toEqual([200, avatarUrl]);
    expect((await app.http.delete(UPLOAD, { token })).status).toBe(204);
    wire.restore();
    expect((await app.http.get<ProfileBody>(PROFILE, { token })).body.avatarUrl).toBeNull();
    app.clock.advance(2 * HOUR_MS);
    const orphans = app.nest.get(AvatarOrphans);
    expect(await orphans.remove()).toBeGreaterThanOrEqual(2);
    // Files of the cancelled upload may arrive later still.
    const filesLeft = async () => {
      await orphans.remove();
      return storedFiles(app);
    };
    await until('no file is left', filesLeft, (files) => files.length === 0);
  });
});
