import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVerifier, type Verifier } from '@latchkey/verifier';
import { startTestApp, type TestApp } from '../../support/app';
import { newSigningKey } from '../../support/signing-keys';
import { until } from '../../support/until';
import { codeOf } from './fixture';

const [CLIENT_ID, CLIENT_SECRET] = ['billing', 'a long secret of the service'];
const JWT_SECRET = 'the secret that signs tokens with HS256';

/** The fake issuer is right only if Latchkey itself answers in the same way. */
describe.each(['ES256', 'HS256'])('a verifier of Latchkey, with %s', (algorithm) => {
  let app: TestApp;
  let verifier: Verifier;

  beforeAll(async () => {
    const env: Record<string, string> = {
      INTROSPECTION_CLIENTS: `${CLIENT_ID}:${CLIENT_SECRET}`,
      JWT_SECRET,
    };
    if (algorithm === 'ES256') {
      env.JWT_KEYS_DIR = mkdtempSync(join(tmpdir(), 'keys-'));
      await newSigningKey(env.JWT_KEYS_DIR);
    }
    app = await startTestApp({ env });
    verifier = await verifierOf(app);
  });
  afterAll(async () => {
    verifier.close();
    await app.close();
  });

  it('accepts a session until its logout', async () => {
    const { accessToken, session, user } = await app.register();
    const verified = await verifier.verify(accessToken);
    expect(verified).toMatchObject({ userId: user.id, sessionId: session.id, role: 'user' });
    await app.http.post('/api/auth/logout', { token: accessToken });
    const refusal = async () => codeOf(verifier.verify(accessToken));
    await until('the session is refused', refusal, 'token_revoked');
  });

  it('refuses a token with another signature', async () => {
    const { accessToken } = await app.register();
    const [header = '', claims = ''] = accessToken.split('.');
    const forged = `${header}.${claims}.${'A'.repeat(86)}`;
    const code = algorithm === 'ES256' ? 'token_invalid' : 'token_revoked';
    expect(await codeOf(verifier.verify(forged))).toBe(code);
  });

  if (algorithm === 'HS256') {
    it('accepts tokens of both algorithms while instances restart with keys', async () => {
      const JWT_KEYS_DIR = mkdtempSync(join(tmpdir(), 'keys-'));
      await newSigningKey(JWT_KEYS_DIR);
      const env = { INTROSPECTION_CLIENTS: `${CLIENT_ID}:${CLIENT_SECRET}`, JWT_KEYS_DIR };
      const next = await startTestApp({
        beside: app,
        env: { ...env, JWT_ACCEPTED_SECRET: JWT_SECRET },
      });
      const verifierOfNext = await verifierOf(next);
      try {
        for (const issuer of [app, next, app]) {
          const { accessToken, session } = await issuer.register();
          const verified = await verifierOfNext.verify(accessToken);
          expect(verified.sessionId).toBe(session.id);
        }
      } finally {
        verifierOfNext.close();
        await next.close();
      }
    });
  }
});

async function verifierOf(app: TestApp): Promise<Verifier> {
  return createVerifier({
    url: await app.nest.getUrl(),
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    // Long, so that a busy machine does not lose the stream.
    boundMs: 30_000,
  });
}
