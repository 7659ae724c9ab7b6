import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  createRemoteJWKSet,
  decodeProtectedHeader,
  importPKCS8,
  jwtVerify,
  SignJWT,
  type JWK,
} from 'jose';
import { openApiDocument } from '../../apps/api/docs/open-api';
import { startTestApp, type TestApp } from '../support/app';
import { newSigningKey } from '../support/signing-keys';
import { until } from '../support/until';

const JWKS = '/.well-known/jwks.json';
const PROFILE = '/api/auth/profile';
const EXPECTED = { issuer: 'latchkey', audience: 'latchkey-api', typ: 'at+jwt' };
/** As the test application is given it. */
const SECRET = new TextEncoder().encode('a secret of the tests, long enough');
const FOLLOWS_WITHIN_MS = 5000;

function kidOf(token: string): string | undefined {
  return decodeProtectedHeader(token).kid;
}

function signatureChanged(token: string): string {
  const [header, payload] = token.split('.') as [string, string];
  return `${header}.${payload}.${Buffer.alloc(64, 1).toString('base64url')}`;
}

/** `until`, within the time that an instance may take to read the key directory. */
async function soon<T>(...wait: Parameters<typeof until<T>>): Promise<void> {
  const beganMs = performance.now();
  await until(...wait);
  expect(performance.now() - beganMs).toBeLessThan(FOLLOWS_WITHIN_MS);
}

async function refusal(app: TestApp, token: string): Promise<unknown> {
  const { status, body } = await app.http.get(PROFILE, { token });
  return [status, body.code];
}

async function publishedKeys(app: TestApp): Promise<JWK[]> {
  return (await app.http.get<{ keys: JWK[] }>(JWKS)).body.keys;
}

/** The claims of a live session's token, under another signature. */
async function resigned(
  token: string,
  header: { alg: string; kid?: string },
  key: Parameters<SignJWT['sign']>[0],
): Promise<string> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as object;
  return new SignJWT({ ...claims }).setProtectedHeader({ typ: 'at+jwt', ...header }).sign(key);
}

describe('with a directory of keys', () => {
  let directory: string;
  let firstKid: string;
  let app: TestApp;
  let sibling: TestApp;

  /** Two instances of one installation: same stores, same directory. */
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'latchkey-keys-'));
    firstKid = await newSigningKey(directory);
    app = await startTestApp({ env: { JWT_KEYS_DIR: directory } });
    sibling = await startTestApp({
      env: { JWT_KEYS_DIR: directory, DATABASE_URL: app.database.url, REDIS_URL: app.redis.url },
    });
  });

  afterAll(async () => {
    await sibling.close();
    await app.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function privateKey(kid: string) {
    return importPKCS8(readFileSync(join(directory, `${kid}.pem`), 'utf8'), 'ES256');
  }

  it('tokens are verified by another library that knows only our address', async () => {
    const { accessToken, user, session } = await app.register();
    const keys = createRemoteJWKSet(new URL(JWKS, app.http.origin));
    const verified = await jwtVerify(accessToken, keys, { ...EXPECTED, algorithms: ['ES256'] });
    expect(verified.protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: firstKid });
    expect(verified.payload).toMatchObject({ sub: user.id, sid: session.id });
    await expect(jwtVerify(signatureChanged(accessToken), keys, EXPECTED)).rejects.toThrow();
  });

  it('only the public half is published, named after its thumbprint', async () => {
    const { status, headers, body } = await app.http.get<{ keys: JWK[] }>(JWKS);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    const text = expect.any(String) as string;
    expect(body).toEqual({
      keys: [
        { kty: 'EC', crv: 'P-256', x: text, y: text, kid: firstKid, alg: 'ES256', use: 'sig' },
      ],
    });
    expect(await calculateJwkThumbprint(body.keys[0]!)).toBe(firstKid);
  });

  it('a cache may keep the keys and revalidate them without a body', async () => {
    const { headers } = await app.http.get(JWKS);
    expect(headers.get('cache-control')).toBe('public, max-age=0, must-revalidate');
    const etag = headers.get('etag')!;
    for (const copies of [etag, `W/${etag}`, `"older", ${etag}`, '*']) {
      const answer = await app.http.get(JWKS, { headers: { 'if-none-match': copies } });
      expect([answer.status, answer.body]).toEqual([304, undefined]);
      expect(answer.headers.get('etag')).toBe(etag);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=0, must-revalidate');
    }
    const older = await app.http.get(JWKS, { headers: { 'if-none-match': '"older"' } });
    expect(older.status).toBe(200);
    expect((await app.http.get('/health/live')).headers.get('cache-control')).toContain('no-store');
  });

  it('is documented', () => {
    const { paths, components } = openApiDocument(app.nest);
    expect(paths[JWKS]?.get?.responses).toMatchObject({ 200: {}, 304: {} });
    expect(paths[JWKS]?.get?.security).toEqual([]);
    expect(components?.schemas).toMatchObject({ Jwks: {}, Jwk: {} });
  });

  it('a token signed by hand with the same key is accepted: the refusals are due to the change', async () => {
    const { accessToken } = await app.register();
    const again = await resigned(
      accessToken,
      { alg: 'ES256', kid: firstKid },
      await privateKey(firstKid),
    );
    expect((await app.http.get(PROFILE, { token: again })).status).toBe(200);
  });

  it('a token of HS256 is refused, also when it is signed with the configured secret', async () => {
    const { accessToken } = await app.register();
    for (const more of [{}, { kid: firstKid }]) {
      const token = await resigned(accessToken, { alg: 'HS256', ...more }, SECRET);
      expect(await refusal(app, token)).toEqual([401, 'token_invalid']);
    }
  });

  it('a token that takes the public key for a secret is refused', async () => {
    const { accessToken } = await app.register();
    const [jwk] = await publishedKeys(app);
    const publicKey = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString().trim();
    for (const secret of [pem, `${pem}\n`, JSON.stringify(jwk)]) {
      const bytes = new TextEncoder().encode(secret);
      const token = await resigned(accessToken, { alg: 'HS256', kid: firstKid }, bytes);
      expect(await refusal(app, token)).toEqual([401, 'token_invalid']);
    }
  });

  it('a token with an unknown kid, or none, is refused', async () => {
    const { accessToken } = await app.register();
    const key = await privateKey(firstKid);
    for (const more of [{ kid: 'k'.repeat(43) }, { kid: `../${firstKid}` }, {}]) {
      const token = await resigned(accessToken, { alg: 'ES256', ...more }, key);
      expect(await refusal(app, token)).toEqual([401, 'token_invalid']);
    }
  });

  it('a rotation needs no restart and ends no session', async () => {
    const before = await app.register();
    const kid = await newSigningKey(directory);
    await soon(
      'the new key signs tokens',
      async () => kidOf((await app.login(before.user.email)).accessToken),
      kid,
    );
    expect((await app.http.get(PROFILE, { token: before.accessToken })).status).toBe(200);

    const keys = createRemoteJWKSet(new URL(JWKS, app.http.origin));
    const { accessToken } = await app.login(before.user.email);
    for (const token of [before.accessToken, accessToken]) {
      await expect(jwtVerify(token, keys, EXPECTED)).resolves.toBeDefined();
    }
    expect((await publishedKeys(app)).map((key) => key.kid)).toEqual([
      kid,
      kidOf(before.accessToken),
    ]);
  });

  it('instances agree at once, though only one has read the directory again', async () => {
    const { user } = await app.register();
    const kid = await newSigningKey(directory);
    // Asking for the keys makes this instance read the directory. The other has had no reason to.
    expect((await publishedKeys(app))[0]?.kid).toBe(kid);
    const { accessToken } = await app.login(user.email);
    expect(kidOf(accessToken)).toBe(kid);
    expect((await sibling.http.get(PROFILE, { token: accessToken })).status).toBe(200);
    expect(await publishedKeys(sibling)).toEqual(await publishedKeys(app));

    const other = await sibling.login(user.email);
    expect(kidOf(other.accessToken)).toBe(kid);
    expect((await app.http.get(PROFILE, { token: other.accessToken })).status).toBe(200);
  });

  it('the removal of a retired key invalidates its tokens', async () => {
    const { accessToken, user } = await app.register();
    const retired = kidOf(accessToken)!;
    await newSigningKey(directory);
    rmSync(join(directory, `${retired}.pem`));
    await soon(
      'the token is refused',
      async () => (await app.http.get(PROFILE, { token: accessToken })).status,
      401,
    );
    expect(await refusal(app, accessToken)).toEqual([401, 'token_invalid']);
    expect((await publishedKeys(app)).map((key) => key.kid)).not.toContain(retired);
    const { accessToken: next } = await app.login(user.email);
    expect((await app.http.get(PROFILE, { token: next })).status).toBe(200);
  });

  it('a directory that breaks later changes only the log', async () => {
    const { accessToken, user } = await app.register();
    // Nest has one logger for the whole process: the instance that started last writes for both.
    const log = () => [...app.log, ...sibling.log].join('\n');
    const active = join(directory, 'active');
    renameSync(active, `${active}-elsewhere`);
    try {
      await soon('the failure is logged', log, (text) =>
        text.includes('signing keys not reloaded'),
      );
      const { accessToken: next } = await app.login(user.email);
      for (const token of [accessToken, next]) {
        expect((await app.http.get(PROFILE, { token })).status).toBe(200);
      }
    } finally {
      renameSync(`${active}-elsewhere`, active);
    }
    expect(log()).toContain('JWT_KEYS_DIR');
    expect(log()).not.toMatch(/PRIVATE|BEGIN/);
  });
});

describe('with a secret', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  it('no key is published', async () => {
    const { status, body } = await app.http.get(JWKS);
    expect([status, body]).toEqual([200, { keys: [] }]);
  });

  it('tokens are HS256 without a kid, and one with a kid is refused', async () => {
    const { accessToken } = await app.register();
    expect(decodeProtectedHeader(accessToken)).toEqual({ alg: 'HS256', typ: 'at+jwt' });
    const again = await resigned(accessToken, { alg: 'HS256' }, SECRET);
    expect((await app.http.get(PROFILE, { token: again })).status).toBe(200);
    const named = await resigned(accessToken, { alg: 'HS256', kid: 'a-key' }, SECRET);
    expect(await refusal(app, named)).toEqual([401, 'token_invalid']);
  });

  it('a token of ES256 is refused', async () => {
    const { accessToken } = await app.register();
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-keys-'));
    const kid = await newSigningKey(directory);
    const pem = readFileSync(join(directory, `${kid}.pem`), 'utf8');
    rmSync(directory, { recursive: true });
    const key = await importPKCS8(pem, 'ES256');
    for (const more of [{ kid }, {}]) {
      const token = await resigned(accessToken, { alg: 'ES256', ...more }, key);
      expect(await refusal(app, token)).toEqual([401, 'token_invalid']);
    }
  });
});
