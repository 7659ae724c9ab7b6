import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAttackedApp } from '../../support/attacked-app';
import type { TestApp } from '../../support/app';
import { es256, hmac, readToken, type Signer } from '../../support/hand-made-token';
import { newSigningKey } from '../../support/signing-keys';
import { newFolder } from '../../support/stores';

/** The application, with its keys. No attacker has one of them. */
export interface SigningApp {
  app: TestApp;
  sign: Signer;
  /** The keys that are accepted and do not sign, with the header of their tokens. */
  accepted: { header: Record<string, unknown>; sign: Signer }[];
  /** The public half of the key pair, which every attacker has. */
  publicKey: KeyObject;
}

const SECRET = 'the secret that signs the tokens of this suite';
const ACCEPTED_SECRET = 'a second secret that the applications of this suite accept';

/** A directory with one key pair. */
async function newKeyPair() {
  const directory = newFolder('keys-');
  const kid = await newSigningKey(directory);
  const privateKey = createPrivateKey(readFileSync(join(directory, `${kid}.pem`), 'utf8'));
  const header = { alg: 'ES256', typ: 'at+jwt', kid };
  return { directory, header, sign: es256(privateKey), publicKey: createPublicKey(privateKey) };
}

const acceptedSecret = () => ({
  header: { alg: 'HS256', typ: 'at+jwt' },
  sign: hmac(ACCEPTED_SECRET),
});

/**
 * Both ways to sign, by algorithm, in the midst of a change of keys: tokens of the other algorithm are valid too, so that
 * a forgery has more keys to be mistaken for.
 */
export const SIGNING_APPS: Record<'HS256' | 'ES256', () => Promise<SigningApp>> = {
  async HS256() {
    const { directory, publicKey, ...pair } = await newKeyPair();
    const env = {
      JWT_SECRET: SECRET,
      JWT_ACCEPTED_SECRET: ACCEPTED_SECRET,
      JWT_ACCEPTED_KEYS_DIR: directory,
    };
    const app = await startAttackedApp({ env });
    return { app, sign: hmac(SECRET), accepted: [acceptedSecret(), pair], publicKey };
  },
  async ES256() {
    const { directory, publicKey, sign } = await newKeyPair();
    // With a directory, JWT_SECRET is ignored: the tokens that it signs are forgeries.
    const env = {
      JWT_KEYS_DIR: directory,
      JWT_SECRET: SECRET,
      JWT_ACCEPTED_SECRET: ACCEPTED_SECRET,
    };
    const app = await startAttackedApp({ env });
    return { app, sign, accepted: [acceptedSecret()], publicKey };
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
