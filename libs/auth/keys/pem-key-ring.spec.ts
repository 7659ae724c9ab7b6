import { generateKeyPairSync } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { newSigningKey } from '../../../test/support/signing-keys';
import { SettingsError } from '../../config/settings-error';
import { generateEs256Key } from './es256-key';
import { PemKeyRing } from './pem-key-ring';

/** The ring tries a broken directory once in it. Milliseconds. */
const PAUSE_MS = 1_000;
const POLL_INTERVAL_MS = 2_000;

/** Moves the clock by which the ring pauses. */
function advance(ms: number): void {
  const nowMs = performance.now() + ms;
  jest.spyOn(performance, 'now').mockReturnValue(nowMs);
}

describe('a directory of keys', () => {
  let parent: string;
  let directory: string;

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    parent = mkdtempSync(join(tmpdir(), 'latchkey-keys-'));
    directory = join(parent, 'deep', 'keys');
  });

  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(parent, { recursive: true, force: true });
  });

  function keyFile(kid: string): string {
    return join(directory, `${kid}.pem`);
  }

  function activate(kid: string): void {
    writeFileSync(join(directory, 'active'), kid);
  }

  /** A file of the right name for the key, not yet active. */
  function addKey(): string {
    const { kid, pem } = generateEs256Key();
    writeFileSync(keyFile(kid), pem);
    return kid;
  }

  function kidsOf(ring: PemKeyRing): string[] {
    return ring.publicJwks().keys.map(({ kid }) => kid);
  }

  describe('rotated', () => {
    it('is created readable by its owner alone, with one signing key', async () => {
      const kid = await newSigningKey(directory);
      expect(readdirSync(directory).sort()).toEqual([`${kid}.pem`, 'active'].sort());
      expect(readFileSync(join(directory, 'active'), 'utf8')).toBe(`${kid}\n`);
      if (process.platform !== 'win32') {
        expect(statSync(directory).mode & 0o777).toBe(0o700);
        expect(statSync(keyFile(kid)).mode & 0o777).toBe(0o600);
      }
      const ring = new PemKeyRing(directory);
      expect(ring.algorithm).toBe('ES256');
      expect(ring.signingKey()).toMatchObject({ kid, key: { type: 'private' } });
      expect(ring.verificationKeys('ES256', kid)).toMatchObject([{ type: 'public' }]);
      expect(ring.verificationKeys('HS256', kid)).toEqual([]);
    });

    it('stays usable while rotations overlap', async () => {
      await newSigningKey(directory);
      const ring = new PemKeyRing(directory);
      const warn = jest.spyOn(Logger.prototype, 'warn');
      const state = { rotating: true };
      const rotations = Promise.all(Array.from({ length: 20 }, () => newSigningKey(directory)));
      void rotations.finally(() => (state.rotating = false));
      while (state.rotating) {
        ring.refresh();
        expect(new PemKeyRing(directory).signingKey().kid).toHaveLength(43);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(warn).not.toHaveBeenCalled();
      expect(kidsOf(ring)).toHaveLength(21);
      expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      expect(await rotations).toContain(ring.signingKey().kid);
    });

    it('fails with one sentence where it cannot be written', async () => {
      writeFileSync(join(parent, 'file'), '');
      const rotation = newSigningKey(join(parent, 'file', 'keys'));
      await expect(rotation).rejects.toThrow(
        new SettingsError('JWT_KEYS_DIR', 'names a directory that cannot be written (ENOTDIR)'),
      );
    });
  });

  describe('loaded', () => {
    function problem(): string {
      try {
        new PemKeyRing(directory);
      } catch (error) {
        expect(error).toBeInstanceOf(SettingsError);
        const { message } = error as SettingsError;
        expect(message).toMatch(/^JWT_KEYS_DIR .*[^.]\.$/);
        expect(message).not.toMatch(/\n|BEGIN|PRIVATE/);
        return message;
      }
      throw new Error('it was loaded');
    }

    it('must exist', () => {
      expect(problem()).toMatch(/file "active": create the first key .* \(ENOENT\)/);
    });

    it('must be a directory', () => {
      directory = join(parent, 'file');
      writeFileSync(directory, '');
      expect(problem()).toMatch(/must be a directory .* \(ENOTDIR\)/);
    });

    it('must have an active key', async () => {
      const kid = await newSigningKey(directory);
      rmSync(join(directory, 'active'));
      expect(problem()).toContain('file "active"');
      activate('');
      expect(problem()).toContain('holds no kid');
      activate('../../etc/passwd');
      expect(problem()).toContain('holds no kid');
      activate(kid);
      rmSync(keyFile(kid));
      expect(problem()).toContain('no key file for the kid');
    });

    it('must hold good keys only, retired ones too', async () => {
      await newSigningKey(directory);
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
      const wrong = keyFile('w'.repeat(43));
      writeFileSync(wrong, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      expect(problem()).toContain('no P-256 private key in PKCS#8 PEM');
      writeFileSync(wrong, generateEs256Key().pem);
      expect(problem()).toContain('not the RFC 7638 thumbprint');
      rmSync(wrong);
      expect(new PemKeyRing(directory).algorithm).toBe('ES256');
    });

    it('must be readable', async () => {
      const kid = await newSigningKey(directory);
      rmSync(keyFile(kid));
      mkdirSync(keyFile(kid));
      expect(problem()).toMatch(/key file that cannot be read, .* \(EISDIR\)/);
    });

    it('may hold other files', async () => {
      const kid = await newSigningKey(directory);
      writeFileSync(join(directory, 'README'), 'keys');
      writeFileSync(join(directory, '.half-written.tmp'), '-----BEGIN');
      writeFileSync(join(directory, '.hidden.pem'), 'junk');
      expect(kidsOf(new PemKeyRing(directory))).toEqual([kid]);
    });
  });

  describe('followed', () => {
    let first: string;
    let ring: PemKeyRing;

    beforeEach(async () => {
      first = await newSigningKey(directory);
      ring = new PemKeyRing(directory);
    });

    it('signs with a new key after the next refresh, and still verifies with the old one', async () => {
      const kid = await newSigningKey(directory);
      expect(ring.signingKey().kid).toBe(first);
      ring.refresh();
      expect(ring.signingKey().kid).toBe(kid);
      expect(ring.verificationKeys('ES256', first)).toHaveLength(1);
    });

    it('finds a key at once when another instance already signs with it, after each rotation', async () => {
      for (let rotation = 0; rotation < 3; rotation++) {
        const kid = await newSigningKey(directory);
        expect(ring.verificationKeys('ES256', kid)).toHaveLength(1);
        expect(ring.signingKey().kid).toBe(kid);
      }
    });

    it('publishes a key at once, the signing key first', async () => {
      const kid = await newSigningKey(directory);
      expect(kidsOf(ring)).toEqual([kid, first]);
    });

    it('does not read the keys again for a kid without a file', () => {
      const refresh = jest.spyOn(ring, 'refresh');
      const invented = [
        '',
        'x'.repeat(43),
        '../active',
        `${first}.pem`,
        '\0'.repeat(43),
        '__proto__',
      ];
      for (const kid of invented) {
        expect(ring.verificationKeys('ES256', kid)).toEqual([]);
      }
      expect(ring.verificationKeys('ES256', undefined)).toEqual([]);
      expect(refresh).not.toHaveBeenCalled();
    });

    it('drops a retired key whose file is gone', async () => {
      await newSigningKey(directory);
      ring.refresh();
      rmSync(keyFile(first));
      ring.refresh();
      expect(ring.verificationKeys('ES256', first)).toEqual([]);
    });

    it('keeps its keys while the directory is broken, logs that once, and recovers', () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
      const kid = addKey();
      activate('nonsense');
      ring.refresh();
      advance(PAUSE_MS);
      ring.refresh();
      expect(ring.signingKey().kid).toBe(first);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(JSON.stringify(warn.mock.calls)).toContain('JWT_KEYS_DIR');

      activate(kid);
      advance(PAUSE_MS);
      ring.refresh();
      expect(ring.signingKey().kid).toBe(kid);
    });

    it('keeps its keys while the whole directory is missing', async () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
      await rename(directory, `${directory}-elsewhere`);
      ring.refresh();
      expect(ring.signingKey().kid).toBe(first);
      expect(ring.verificationKeys('ES256', first)).toHaveLength(1);
      expect(warn).toHaveBeenCalledTimes(1);
    });

    it('reads a broken directory at most once a second, for any number of requests', () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
      const bad = 'b'.repeat(43);
      writeFileSync(keyFile(bad), 'junk');
      expect(ring.verificationKeys('ES256', bad)).toEqual([]);
      rmSync(keyFile(bad));
      activate(addKey());
      ring.refresh();
      expect(ring.signingKey().kid).toBe(first);
      expect(warn).toHaveBeenCalledTimes(1);
    });

    it('accepts a key at once when its file is there, though the rest is broken', () => {
      jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
      activate('nonsense');
      writeFileSync(keyFile('b'.repeat(43)), 'junk');
      ring.refresh();
      const { kid, pem } = generateEs256Key();
      writeFileSync(keyFile(kid), pem.slice(0, 80));
      expect(ring.verificationKeys('ES256', kid)).toEqual([]);
      writeFileSync(keyFile(kid), pem);
      const keys = ring.verificationKeys('ES256', kid);
      expect(keys).toHaveLength(1);
      expect(ring.verificationKeys('ES256', kid)).toBe(keys);
      expect(ring.signingKey().kid).toBe(first);
    });

    it('is read every other second while the module runs', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      ring.onModuleInit();
      try {
        const kid = await newSigningKey(directory);
        jest.advanceTimersByTime(POLL_INTERVAL_MS - 1);
        expect(ring.signingKey().kid).toBe(first);
        jest.advanceTimersByTime(1);
        expect(ring.signingKey().kid).toBe(kid);
      } finally {
        ring.onModuleDestroy();
        jest.useRealTimers();
      }
    });
  });
});
