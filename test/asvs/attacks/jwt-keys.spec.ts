import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestApp } from '../../support/app';
import { es256, handMadeToken, hmac, type Signer } from '../../support/hand-made-token';
import {
  ACCEPTED,
  ALGORITHMS,
  answerTo,
  INVALID,
  type GoodToken,
  type SigningApp,
  useSigningApp,
} from './signing-app';

const OTHER_SECRET = 'a secret that an attacker has chosen for us';
const KID = 'a-key-of-the-attacker';

/** Key ids that name files, statements, prototypes or nothing. */
const REACHING_KIDS: unknown[] = [
  ...['', '.', '..', '/', '*', 'active', '../active', '../../../../dev/null', '/dev/null'],
  ...['..%2f..%2fdev%2fnull', '....//....//dev/null', 'file:///dev/null', '\\\\host\\share'],
  ...["' UNION SELECT 'key", "'; DROP TABLE users; --", '" OR ""="', '{"$gt":""}', '$(id)', '|id'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '\0', 'key\0.pem', '\r\nX: y'],
  ...[0, -1, 1e308, true, false, null, [], ['key'], {}, { kid: 'key' }],
  ...['k'.repeat(43), 'k'.repeat(2500), '\u202e', '../'.repeat(500)],
];

/** The key pair and the secret of an attacker, in every header that can name a key. */
class Attacker {
  requests = 0;
  private readonly pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  private readonly server: Server = createServer((_request, response) => {
    this.requests += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [this.publicJwk, this.secretJwk] }));
  });

  get publicJwk() {
    const jwk = this.pair.publicKey.export({ format: 'jwk' });
    return { ...jwk, kid: KID, alg: 'ES256', use: 'sig' };
  }

  get secretJwk() {
    return { kty: 'oct', k: Buffer.from(OTHER_SECRET).toString('base64url'), kid: KID };
  }

  async listen(): Promise<void> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
  }

  close(): void {
    this.server.close();
  }

  sign(algorithm: string): Signer {
    return algorithm === 'ES256' ? es256(this.pair.privateKey) : hmac(OTHER_SECRET);
  }

  offers(): Record<string, unknown>[] {
    const { port } = this.server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/keys.json`;
    const certificate = this.pair.publicKey.export({ type: 'spki', format: 'der' });
    return [
      { jwk: this.publicJwk },
      { jwk: this.secretJwk },
      { jku: url },
      { jku: url, kid: KID },
      { x5u: url },
      { x5u: url, kid: KID },
      { x5c: [certificate.toString('base64')] },
      { x5c: [certificate.toString('base64')], x5t: KID, 'x5t#S256': KID },
      { kid: url },
      { iss: url, jku: `${url}#`, x5u: `${url}#`, jwk: this.publicJwk, kid: KID },
    ];
  }
}

describe.each(ALGORITHMS)('where %s signs, the header of an access token', (algorithm) => {
  let issuer: SigningApp;
  let app: TestApp;
  let good: GoodToken;
  const attacker = new Attacker();

  useSigningApp(algorithm, (signing) => ({ issuer, app, good } = signing));

  beforeAll(() => attacker.listen());

  afterAll(() => attacker.close());

  it('V9.1.3: cannot bring a key, nor name a place to fetch one from', async () => {
    for (const offer of attacker.offers()) {
      for (const alg of ['HS256', 'ES256']) {
        for (const header of [
          { ...good.header, alg, ...offer },
          { alg, typ: 'at+jwt', ...offer },
        ]) {
          const token = handMadeToken(header, good.claims, attacker.sign(alg));
          expect([offer, await answerTo(app, token)]).toEqual([offer, INVALID]);
        }
      }
    }
    expect(attacker.requests).toBe(0);
  });

  it('V9.1.3: is not followed anywhere, even under our own signature', async () => {
    for (const offer of attacker.offers()) {
      const header = { ...offer, ...good.header, kid: good.header.kid };
      const token = handMadeToken(header, good.claims, issuer.sign);
      expect([offer, await answerTo(app, token)]).toEqual([offer, ACCEPTED]);
    }
    expect(attacker.requests).toBe(0);
  });

  it.each(REACHING_KIDS)('V9.1.3: cannot choose a key by the id %j', async (kid) => {
    for (const secret of ['', OTHER_SECRET]) {
      const token = handMadeToken({ ...good.header, kid }, good.claims, hmac(secret));
      expect(await answerTo(app, token)).toEqual(INVALID);
      const called = handMadeToken(
        { ...good.header, kid, alg: 'HS256' },
        good.claims,
        hmac(secret),
      );
      expect(await answerTo(app, called)).toEqual(INVALID);
    }
    const ours = handMadeToken({ ...good.header, kid }, good.claims, issuer.sign);
    expect(await answerTo(app, ours)).toEqual(INVALID);
  });

  it.each<[string, unknown]>([
    ['that is a known claim', ['exp']],
    ['in an empty list', []],
    ['that is unknown', ['b64']],
    ['in a text', 'exp'],
    ['in null', null],
  ])('V9.1.1: cannot require an extension %s', async (_what, crit) => {
    const header = { ...good.header, crit, b64: false };
    expect(await answerTo(app, handMadeToken(header, good.claims, issuer.sign))).toEqual(INVALID);
  });
});
