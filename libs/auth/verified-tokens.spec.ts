import { createSecretKey } from 'node:crypto';
import { VerifiedTokens, type VerifiedToken } from './verified-tokens';

const KEY = createSecretKey(Buffer.alloc(32));
const LIMIT = 10_000;

function verified(jti: string): VerifiedToken {
  return { claims: { jti } as VerifiedToken['claims'], kid: undefined, key: KEY };
}

describe('verified tokens', () => {
  it('are known until they are forgotten', () => {
    const tokens = new VerifiedTokens();
    const known = verified('known');
    tokens.remember('a token', known);
    expect([tokens.get('a token'), tokens.get('another')]).toEqual([known, undefined]);
    tokens.forget('a token');
    expect(tokens.get('a token')).toBeUndefined();
  });

  it('are bounded, and those that are in use stay', () => {
    const tokens = new VerifiedTokens();
    tokens.remember('in use', verified('in use'));
    for (let index = 0; index < 3 * LIMIT; index += 1) {
      tokens.remember(`token ${index}`, verified(String(index)));
      tokens.get('in use');
    }
    const left = Array.from({ length: 3 * LIMIT }, (_, index) => tokens.get(`token ${index}`));
    expect(tokens.get('in use')?.claims.jti).toBe('in use');
    expect(left.filter(Boolean).length).toBeLessThanOrEqual(LIMIT);
    expect(left.at(-1)?.claims.jti).toBe(String(3 * LIMIT - 1));
  });
});
