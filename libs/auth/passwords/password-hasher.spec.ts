import { Logger } from '@nestjs/common';
import argon2 from 'argon2';
import { ANY_CLIENT, OverloadedError } from '#libs/common';
import { Metrics } from '#libs/metrics';
import type { AuthOptions } from '../auth.options';
import { hashingThreads, PasswordHasher } from './password-hasher';

const PASSWORD = 'correct horse battery staple';

describe('the password hasher', () => {
  const metrics = new Metrics();
  const hasher = new PasswordHasher({ passwords: { maxWaiting: 2 } } as AuthOptions, metrics);

  it('hashes with argon2id: 19 MiB, two passes, one lane, a salt of its own', async () => {
    const hash = await hasher.hash(PASSWORD);
    expect(hash).toMatch(
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    );
    expect(await hasher.hash(PASSWORD)).not.toBe(hash);
    expect(await hasher.verify(hash, PASSWORD)).toBe(true);
    expect(await hasher.verify(hash, PASSWORD.toUpperCase())).toBe(false);
    expect(await hasher.verify(null, PASSWORD)).toBe(false);
  });

  it('reports a hash with other parameters as outdated', async () => {
    expect(hasher.isOutdated(await hasher.hash(PASSWORD))).toBe(false);
    const today = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
    const others = [
      { ...today, type: argon2.argon2i },
      { ...today, memoryCost: 9_216, timeCost: 4 },
      { ...today, timeCost: 3 },
      { ...today, parallelism: 2 },
      { ...today, version: 16 },
      { ...today, hashLength: 16 },
      { ...today, salt: Buffer.from('8 bytes!') },
    ];
    for (const options of others) {
      const hash = await argon2.hash(PASSWORD, options);
      expect([hash, hasher.isOutdated(hash)]).toEqual([hash, true]);
      expect(await hasher.verify(hash, PASSWORD)).toBe(true);
    }
    const foreign = '$2b$05$uKL3zYhmOxDT2QXGV9nqLOCzpCkYViSuB1K2SvSfDZ942Q865k/Ee';
    expect(hasher.isOutdated(foreign)).toBe(true);
    expect(await hasher.verify(foreign, 'x'.repeat(72))).toBe(true);
  });

  it('checks the password of an unknown account against a hash of the usual cost', async () => {
    const verify = jest.spyOn(argon2, 'verify');
    try {
      expect(await hasher.verify(null, PASSWORD)).toBe(false);
      const [decoy] = verify.mock.calls[0]!;
      expect(hasher.isOutdated(decoy)).toBe(false);
    } finally {
      verify.mockRestore();
    }
  });

  it.each([
    // processors, of the machine, below the event loop, threads
    [1, 1, true, 1],
    [2, 2, true, 2],
    [8, 8, true, 4],
    [2, 8, true, 1],
    [1, 1, false, 1],
    [2, 2, false, 1],
    [8, 8, false, 4],
  ])(
    'hashes on %i of %i processors, below: %s, with %i threads',
    (processors, machine, isBelow, threads) => {
      expect(hashingThreads(processors, machine, isBelow)).toBe(threads);
    },
  );

  it('accepts no password for a hash that it cannot read', async () => {
    expect(await hasher.verify('', '')).toBe(false);
    expect(await hasher.verify('$scrypt$ln=14,r=8,p=1$c29tZXNhbHQ$', PASSWORD)).toBe(false);
  });

  it('accepts no password when the check of the hash fails, and does the work of a refusal', async () => {
    const hash = await hasher.hash(PASSWORD);
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const verify = jest.spyOn(argon2, 'verify');
    verify.mockRejectedValueOnce(new Error('Memory allocation error'));
    try {
      expect(await hasher.verify(hash, PASSWORD)).toBe(false);
      expect(verify.mock.calls).toEqual([
        [hash, PASSWORD],
        [expect.stringContaining('m=19456,t=2,p=1'), PASSWORD],
      ]);
      expect(error.mock.calls).toEqual([
        [{ reason: 'Error' }, 'a stored password hash cannot be used'],
      ]);
    } finally {
      verify.mockRestore();
      error.mockRestore();
    }
    expect(await hasher.verify(hash, PASSWORD)).toBe(true);
  });

  it('refuses work at once while the queue is full, and completes the rest', async () => {
    const room = 2 * hashingThreads() + 2;
    const asked = Array.from({ length: room + 3 }, () =>
      hasher.inTurn(ANY_CLIENT, () => hasher.hash(PASSWORD)),
    );
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.slice(room);
    expect(outcomes.slice(0, room).map(({ status }) => status)).toEqual(
      Array<string>(room).fill('fulfilled'),
    );
    for (const outcome of refused) {
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(OverloadedError);
    }
    expect(await metrics.text()).toMatch(/^latchkey_password_hashing_refused_total 3$/m);
    expect(await hasher.verify(await hasher.hash(PASSWORD), PASSWORD)).toBe(true);
  });
});
