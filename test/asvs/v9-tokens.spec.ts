import { startTestApp, type TestApp } from '../support/app';
import { readText } from '../support/document';

interface AuthResult {
  accessToken: string;
  refreshToken: string;
}

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
});

function claimsOf(token: string): Record<string, unknown> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

/** Tokens by every way that issues one. */
async function issued(): Promise<string[]> {
  const registered = await app.register();
  const signedIn = await app.login(registered.user.email);
  const json = { refreshToken: signedIn.refreshToken };
  const refreshed = await app.http.post<AuthResult>('/api/auth/refresh', { json });
  return [registered, signedIn, refreshed.body].map(({ accessToken }) => accessToken);
}

describe('an access token', () => {
  it('V9.2.3, V9.2.4: is for one audience, which the documentation names, for every way of issue', async () => {
    for (const token of await issued()) {
      expect(claimsOf(token)).toMatchObject({ iss: 'latchkey', aud: 'latchkey-api' });
    }
    expect(readText('docs/security.md')).toMatch(/issuer `latchkey`, audience `latchkey-api`/);
  });

  it('V9.2.4: is issued for no audience of the client', async () => {
    const { user } = await app.register();
    for (const field of ['aud', 'audience', 'resource', 'client_id', 'scope']) {
      const json = { email: user.email, password: 'correct horse battery staple', [field]: 'x' };
      expect((await app.http.post('/api/auth/login', { json })).status).toBe(400);
    }
  });

  it('V9.2.2: contains no data of its user except the id', async () => {
    for (const token of await issued()) {
      expect(Object.keys(claimsOf(token)).sort()).toEqual(
        ['amr', 'aud', 'auth_time', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub'].sort(),
      );
    }
  });
});
