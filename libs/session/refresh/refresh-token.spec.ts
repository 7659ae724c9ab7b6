import {
  formatRefreshToken,
  hashSecret,
  isSecretOf,
  newRefreshToken,
  newSuccessorSalt,
  parseRefreshToken,
  successorSecret,
} from './refresh-token';

describe('refresh tokens', () => {
  it('are parsed from their text', () => {
    const token = newRefreshToken();
    expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token);
    expect(token.secret).toHaveLength(32);
  });

  it.each([
    '',
    'x',
    '.',
    `${newRefreshToken().id}.short`,
    'a.b.c',
    `x${formatRefreshToken(newRefreshToken())}`,
  ])('are not parsed from %j', (text) => {
    expect(parseRefreshToken(text)).toBeNull();
  });

  it('are verified by their secret alone', () => {
    const { secret } = newRefreshToken();
    expect(isSecretOf(secret, hashSecret(secret))).toBe(true);
    expect(isSecretOf(newRefreshToken().secret, hashSecret(secret))).toBe(false);
  });

  it('have one successor for each salt', () => {
    const { secret } = newRefreshToken();
    const salt = newSuccessorSalt();
    expect(successorSecret(secret, salt)).toEqual(successorSecret(secret, salt));
    expect(successorSecret(secret, salt)).not.toEqual(successorSecret(secret, newSuccessorSalt()));
    expect(successorSecret(secret, salt)).not.toEqual(secret);
  });
});
