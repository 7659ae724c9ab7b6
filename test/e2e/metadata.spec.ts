import { decodeJwt } from 'jose';
import { startTestApp, type TestApp } from '../support/app';

const METADATA = '/.well-known/oauth-authorization-server';

describe('metadata of the authorization server (RFC 8414)', () => {
  let app: TestApp;
  let before: TestApp;

  beforeAll(async () => {
    before = await startTestApp();
    app = await startTestApp({ beside: before, env: { PUBLIC_URL: 'https://auth.example.com/' } });
  });

  afterAll(async () => {
    await app.close();
    await before.close();
  });

  it('names the endpoints under PUBLIC_URL, which exist', async () => {
    const { status, body } = await app.http.get(METADATA);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      issuer: 'https://auth.example.com',
      access_token_signing_alg_values_supported: ['HS256'],
    });
    const addresses = Object.entries(body).filter(([name]) => /_(uri|endpoint)$/.test(name));
    expect(addresses).toHaveLength(4);
    for (const [, address] of addresses) {
      const path = String(address).replace('https://auth.example.com', '');
      expect((await app.http.get(path)).status).not.toBe(404);
    }
  });

  it('is the issuer of access tokens, and tokens from before it was set stay valid', async () => {
    const earlier = await before.register();
    const { accessToken } = await app.register();
    expect(decodeJwt(accessToken).iss).toBe('https://auth.example.com');
    expect(decodeJwt(earlier.accessToken).iss).toBe('latchkey');
    for (const token of [accessToken, earlier.accessToken]) {
      expect((await app.http.get('/api/auth/profile', { token })).status).toBe(200);
    }
  });

  it('is absent without PUBLIC_URL', async () => {
    const { status, body } = await before.http.get(METADATA);
    expect([status, body.code]).toEqual([404, 'not_found']);
  });
});
