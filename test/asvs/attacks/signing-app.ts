import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAttackedApp } from '../../support/attacked-app';
import type { TestApp } from '../../support/app';
import { es256, hmac, readToken, type Signer } from '../../support/hand-made-token';
import { newSigningKey } from '../../support/signing-keys';
import { newFolder } from '../../support/stores';

/** The application, with the key that it signs with. No attacker has that key. */
export interface SigningApp {
  app: TestApp;
  sign: Signer;
  /** The public half, which every attacker has; null with a secret. */
  publicKey: KeyObject | null;
}

const SECRET = 'the secret that signs the tokens of this suite';

/** Both ways to sign, by algorithm. */
export const SIGNING_APPS: Record<'HS256' | 'ES256', () => Promise<SigningApp>> = {
  async HS256() {
    const app = await startAttackedApp({ env: { JWT_SECRET: SECRET } });
    return { app, sign: hmac(SECRET), publicKey: null };
  },
  async ES256() {
    const directory = newFolder('keys-');
    const kid = await newSigningKey(directory);
    const privateKey = createPrivateKey(readFileSync(join(directory, `${kid}.pem`), 'utf8'));
    const env = { JWT_KEYS_DIR: directory, JWT_SECRET: SECRET };
    return {
      app: await startAttackedApp({ env }),
      sign: es256(privateKey),
      publicKey: createPublicKey(privateKey),
    };
  },
};

export const ALGORITHMS = Object.keys(SIGNING_APPS) as (keyof typeof SIGNING_APPS)[];

/** A live session's token and its parts, to make forgeries of that differ in one thing. */
export interface GoodToken {
  token: string;
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  refreshToken: string;
}

export async function newToken(app: TestApp): Promise<GoodToken> {
  const { accessToken: token, refreshToken } = await app.register();
  return { token, refreshToken, ...readToken(token) };
}

interface Signing {
  issuer: SigningApp;
  app: TestApp;
  good: GoodToken;
}

/** For a `describe`: starts the application with the algorithm, passes it on with a valid token, and ends it. */
export function useSigningApp(
  algorithm: keyof typeof SIGNING_APPS,
  use: (signing: Signing) => void,
): void {
  let app: TestApp;

  beforeAll(async () => {
    const issuer = await SIGNING_APPS[algorithm]();
    app = issuer.app;
    use({ issuer, app, good: await newToken(app) });
  });

  afterAll(() => app.close());
}

/** Status and code of the answer to a bearer token. Fails when a refusal lacks the headers of RFC 6750. */
export async function answerTo(app: TestApp, token: string): Promise<[number, unknown]> {
  const answer = await app.http.get<{ code?: string }>('/api/auth/profile', { token });
  const { status, headers, body } = answer;
  if (status === 401) {
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(headers.get('www-authenticate')).toMatch(REFUSAL);
  }
  return [status, body.code];
}

/** RFC 6750 section 3. */
const REFUSAL = /^Bearer realm="latchkey", error="invalid_token", error_description="[^"\\]+"$/;

export const INVALID = [401, 'token_invalid'];
export const EXPIRED = [401, 'token_expired'];
export const REVOKED = [401, 'token_revoked'];
export const ACCEPTED = [200, undefined];
