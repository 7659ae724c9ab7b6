import { createHmac, createSecretKey, createSign, randomUUID, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JwtService } from '@nestjs/jwt';
import { SystemClock, type Clock } from '../common/clock';
import { MovableClock } from '../../test/support/clock';
import type { Session } from '../session';
import { TokenExpiredError, TokenInvalidError } from './auth.errors';
import { ChangingKeyRing } from './keys/changing-key-ring';
import { HmacKeyRing } from './keys/hmac-key-ring';
import { newSigningKey } from '../../test/support/signing-keys';
import type { KeyRing } from './keys/key-ring';
import { PemKeyRing } from './keys/pem-key-ring';
import { TokenService } from './token.service';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'an-api';
const SECRET = createSecretKey(Buffer.alloc(32, 7));

function serviceOn(keyRing: KeyRing, clock: Clock = new SystemClock()): TokenService {
  const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, accessTokenTtlSeconds: 600 };
  return new TokenService(new JwtService(), clock, options, keyRing);
}

function newSession(): Session {
  const expiresAtMs = Date.now() + 3_600_000;
  return { id: randomUUID(), userId: randomUUID(), expiresAtMs } as Session;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function headerOf(token: string): Record<string, unknown> {
  return decode(token.split('.')[0]);
}

/** A token signed by hand: the signature fits the key, also where the header names another algorithm. */
function craft(header: object, payload: object, key: KeyObject | string): string {
  const input = `${encode(header)}.${encode(payload)}`;
  const asymmetric = typeof key !== 'string' && key.type === 'private';
  const signature = asymmetric
    ? createSign('sha256').update(input).sign({ key, dsaEncoding: 'ieee-p1363' })
    : createHmac('sha256', key).update(input).digest();
  return `${input}.${signature.toString('base64url')}`;
}

describe('access tokens', () => {
  let directory: string;
  let pemRing: PemKeyRing;
  let kid: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'latchkey-tokens-'));
    kid = await newSigningKey(directory);
    pemRing = new PemKeyRing(directory);
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function expectInvalid(service: TokenService, token: string): void {
    expect(() => service.verify(token)).toThrow(TokenInvalidError);
  }

  function claimsOf(service: TokenService): Record<string, unknown> {
    const { token } = service.issue(newSession(), randomUUID(), Date.now());
    return decode(token.split('.')[1]);
  }

  describe.each([
    {
      algorithm: 'HS256',
      header: () => ({ alg: 'HS256', typ: 'at+jwt' }),
      ring: () => new HmacKeyRing(SECRET),
    },
    {
      algorithm: 'ES256',
      header: () => ({ alg: 'ES256', typ: 'at+jwt', kid }),
      ring: () => pemRing,
    },
  ])('with $algorithm', ({ header, ring }) => {
    let service: TokenService;
    let claims: Record<string, unknown>;

    beforeEach(() => {
      service = serviceOn(ring());
      claims = claimsOf(service);
    });

    function signed(headerChange: object, claimChange: object = {}): string {
      const { key } = ring().signingKey();
      return craft({ ...header(), ...headerChange }, { ...claims, ...claimChange }, key);
    }

    it('are verified as issued, with exactly this header', () => {
      const session = newSession();
      const issued = service.issue(session, 'some-id', Date.now());
      expect(service.verify(issued.token)).toMatchObject({
        sub: session.userId,
        sid: session.id,
        jti: 'some-id',
        iss: ISSUER,
        aud: AUDIENCE,
      });
      expect(headerOf(issued.token)).toEqual(header());
      expect(issued.expiresInSeconds).toBe(600);
    });

    it('built in the same way are verified, so that the refusals below are due to the change alone', () => {
      expect(service.verify(signed({}))).toEqual(claims);
    });

    it.each([
      ['another type', { typ: 'JWT' }],
      ['no type', { typ: undefined }],
      ['no algorithm', { alg: undefined }],
      ['the algorithm none', { alg: 'none' }],
      ['another hash', { alg: 'HS512' }],
      ['a critical extension', { crit: ['b64'], b64: false }],
      ['an unknown kid', { kid: 'k'.repeat(43) }],
      ['a kid that is a path', { kid: '../../active' }],
      ['a kid that is no text', { kid: 7 }],
      ['an empty kid', { kid: '' }],
      ['a kid of null', { kid: null }],
    ])('with %s are refused', (_, change) => {
      expectInvalid(service, signed(change));
    });

    it.each([
      ['issuer', { iss: 'https://elsewhere.example' }],
      ['audience', { aud: 'another-api' }],
      ['list of audiences', { aud: [AUDIENCE] }],
      ['session', { sid: 'not-an-id' }],
      ['user', { sub: undefined }],
      ['expiry', { exp: undefined }],
    ])('with a wrong %s are refused', (_, change) => {
      expectInvalid(service, signed({}, change));
    });

    it('that have expired are refused as expired', () => {
      expect(() => service.verify(signed({}, { exp: 1 }))).toThrow(TokenExpiredError);
    });

    it.each([
      '',
      '.',
      '..',
      'a.b.c',
      'bnVsbA.e30.',
      `${encode('text')}.e30.c2ln`,
      'x'.repeat(5000),
    ])('that are malformed are refused (%#)', (text) => {
      expectInvalid(service, text);
    });

    it('with a changed signature, or none, are refused', () => {
      const [head, body] = signed({}).split('.') as [string, string];
      expectInvalid(service, `${head}.${body}.`);
      expectInvalid(service, `${head}.${body}.${Buffer.alloc(64, 1).toString('base64url')}`);
    });
  });

  it('of HS256 are refused with ES256, with or without a kid', () => {
    const claims = claimsOf(serviceOn(new HmacKeyRing(SECRET)));
    for (const more of [{}, { kid }]) {
      const token = craft({ alg: 'HS256', typ: 'at+jwt', ...more }, claims, SECRET);
      expectInvalid(serviceOn(pemRing), token);
    }
  });

  it('of ES256 are refused with HS256', () => {
    const { token } = serviceOn(pemRing).issue(newSession(), randomUUID(), Date.now());
    expectInvalid(serviceOn(new HmacKeyRing(SECRET)), token);
  });

  it('signed with the public key as if it were a secret are refused', () => {
    const service = serviceOn(pemRing);
    const publicKey = pemRing.verificationKeys('ES256', kid)[0]!;
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const secret of [pem, pem.trim(), JSON.stringify(pemRing.publicJwks().keys[0])]) {
      for (const alg of ['HS256', 'ES256']) {
        expectInvalid(service, craft({ alg, typ: 'at+jwt', kid }, claimsOf(service), secret));
      }
    }
  });

  it('of ES256 without a kid are refused', () => {
    const service = serviceOn(pemRing);
    const header = { alg: 'ES256', typ: 'at+jwt' };
    expectInvalid(service, craft(header, claimsOf(service), pemRing.signingKey().key));
  });

  describe('while keys are changed', () => {
    const other = createSecretKey(Buffer.alloc(32, 9));
    const older = new HmacKeyRing(other);
    const hmac = new HmacKeyRing(SECRET);
    const issuedBy = (ring: KeyRing) =>
      serviceOn(ring).issue(newSession(), randomUUID(), Date.now()).token;

    it('are accepted from every ring, in any order, and signed by the first alone', () => {
      for (const [signing, ...accepted] of [
        [hmac, older],
        [older, hmac],
        [hmac, pemRing],
        [pemRing, hmac],
        [hmac, older, pemRing],
      ] as [KeyRing, ...KeyRing[]][]) {
        const service = serviceOn(new ChangingKeyRing(signing, ...accepted));
        for (const ring of [signing, ...accepted]) {
          const token = issuedBy(ring);
          // Twice: the second time from memory.
          expect(service.verify(token)).toEqual(service.verify(token));
        }
        const { token } = service.issue(newSession(), randomUUID(), Date.now());
        expect(serviceOn(signing).verify(token)).toMatchObject({ iss: ISSUER });
        for (const ring of accepted) {
          expectInvalid(serviceOn(ring), token);
        }
      }
    });

    it('of a secret or key that is not configured are refused', () => {
      const foreign = new HmacKeyRing(createSecretKey(Buffer.alloc(32, 11)));
      expectInvalid(serviceOn(new ChangingKeyRing(hmac, older, pemRing)), issuedBy(foreign));
      expectInvalid(serviceOn(new ChangingKeyRing(hmac, older)), issuedBy(pemRing));
      expectInvalid(serviceOn(new ChangingKeyRing(pemRing, older)), issuedBy(hmac));
    });

    it('that have expired are refused as expired, with either secret', () => {
      const service = serviceOn(new ChangingKeyRing(hmac, older));
      for (const key of [SECRET, other]) {
        const claims = { ...claimsOf(service), exp: 1 };
        const token = craft({ alg: 'HS256', typ: 'at+jwt' }, claims, key);
        expect(() => service.verify(token)).toThrow(TokenExpiredError);
      }
    });

    it('name the algorithm and the kid of the key that signed them, or are refused', () => {
      const publicKey = pemRing.verificationKeys('ES256', kid)[0]!;
      const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString();
      const { key } = pemRing.signingKey();
      for (const ring of [new ChangingKeyRing(hmac, pemRing), new ChangingKeyRing(pemRing, hmac)]) {
        const service = serviceOn(ring);
        const claims = claimsOf(service);
        const forged: [header: object, key: KeyObject | string][] = [
          [{ alg: 'HS256', kid }, SECRET],
          [{ alg: 'ES256', kid }, SECRET],
          [{ alg: 'ES256' }, SECRET],
          [{ alg: 'HS512' }, SECRET],
          [{ alg: 'HS256' }, key],
          [{ alg: 'HS256', kid }, key],
          [{ alg: 'ES256' }, key],
          ...[spki, spki.trim(), JSON.stringify(pemRing.publicJwks().keys[0])].flatMap(
            (secret): [object, string][] => [
              [{ alg: 'HS256' }, secret],
              [{ alg: 'HS256', kid }, secret],
              [{ alg: 'ES256', kid }, secret],
            ],
          ),
        ];
        for (const [header, secret] of forged) {
          expectInvalid(service, craft({ typ: 'at+jwt', ...header }, claims, secret));
        }
        const right = craft({ alg: 'ES256', typ: 'at+jwt', kid }, claims, key);
        expect(service.verify(right)).toEqual(claims);
      }
    });

    it('are announced with the public keys and every other algorithm', () => {
      const { keys } = pemRing.publicJwks();
      const published = (ring: KeyRing) => [ring.publicJwks(), ring.algorithms];
      expect(published(new ChangingKeyRing(hmac, older))).toEqual([{ keys: [] }, ['HS256']]);
      for (const [ring, algorithms] of [
        [new ChangingKeyRing(hmac, pemRing), ['HS256', 'ES256']],
        [new ChangingKeyRing(pemRing, hmac), ['ES256', 'HS256']],
      ] as const) {
        expect(published(ring)).toEqual([{ keys, other_algorithms: ['HS256'] }, algorithms]);
      }
    });

    it('pass the hooks of the module on while the module runs', () => {
      const init = jest.spyOn(pemRing, 'onModuleInit').mockReturnValue();
      const destroy = jest.spyOn(pemRing, 'onModuleDestroy').mockReturnValue();
      const ring = new ChangingKeyRing(hmac, pemRing);
      ring.onModuleInit();
      ring.onModuleDestroy();
      expect([init.mock.calls.length, destroy.mock.calls.length]).toEqual([1, 1]);
    });
  });

  describe('that have been verified before', () => {
    it('are refused once they have expired, and good again if the clock is set back', () => {
      const clock = new MovableClock();
      const service = serviceOn(new HmacKeyRing(SECRET), clock);
      const { token } = service.issue(newSession(), randomUUID(), clock.nowMs());
      const claims = service.verify(token);
      clock.stopAt(claims.exp * 1000 - 1);
      expect(service.verify(token)).toEqual(claims);
      // To the second: `exp` itself is too late (RFC 7519 section 4.1.4).
      clock.stopAt(claims.exp * 1000);
      expect(() => service.verify(token)).toThrow(TokenExpiredError);
      clock.stopAt(claims.iat * 1000 + 601_000);
      expect(() => service.verify(token)).toThrow(TokenExpiredError);
      clock.stopAt(claims.iat * 1000);
      expect(service.verify(token)).toEqual(claims);
    });

    it('are checked against the clock at both ends', () => {
      const clock = new MovableClock();
      const service = serviceOn(new HmacKeyRing(SECRET), clock);
      const nbf = Math.floor(clock.nowMs() / 1000);
      const header = { alg: 'HS256', typ: 'at+jwt' };
      const token = craft(header, { ...claimsOf(service), nbf }, SECRET);
      expect(service.verify(token)).toMatchObject({ nbf });
      clock.advance(-60_000);
      expectInvalid(service, token);
    });

    it('are refused once their key is gone', async () => {
      const own = mkdtempSync(join(tmpdir(), 'latchkey-tokens-'));
      const first = await newSigningKey(own);
      const ring = new PemKeyRing(own);
      const service = serviceOn(ring);
      const { token } = service.issue(newSession(), randomUUID(), Date.now());
      service.verify(token);
      await newSigningKey(own);
      ring.refresh();
      expect(service.verify(token)).toMatchObject({ iss: ISSUER });
      rmSync(join(own, `${first}.pem`));
      ring.refresh();
      expectInvalid(service, token);
      rmSync(own, { recursive: true, force: true });
    });

    it('cannot be changed through the returned claims', () => {
      const service = serviceOn(new HmacKeyRing(SECRET));
      const { token } = service.issue(newSession(), randomUUID(), Date.now());
      expect(Object.isFrozen(service.verify(token))).toBe(true);
      expect(Object.isFrozen(service.verify(token))).toBe(true);
    });

    it('are recognised by their whole text: one character more or less makes another token', () => {
      const service = serviceOn(new HmacKeyRing(SECRET));
      const { token } = service.issue(newSession(), randomUUID(), Date.now());
      service.verify(token);
      for (const other of [`${token}A`, token.slice(0, -1), token.replace('.', '.e30')]) {
        expectInvalid(service, other);
      }
    });
  });
});
