import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppModule } from '../../apps/api/app.module';
import { parseSettings } from '../../libs/config/settings';
import { newSigningKey } from '../support/signing-keys';

describe('the start with keys', () => {
  let directory: string;
  let kid: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'latchkey-keys-'));
    kid = await newSigningKey(directory);
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const stores = { DATABASE_URL: 'postgres://localhost/none', REDIS_URL: 'redis://localhost' };

  it('requires no secret when there are keys', () => {
    const env = { ...stores, NODE_ENV: 'production', JWT_KEYS_DIR: directory };
    expect(() => AppModule.forRoot(parseSettings(env))).not.toThrow();
    const weak = { ...env, JWT_SECRET: 'weak' };
    expect(parseSettings(weak).jwtKeys).toEqual({ directory, accepted: [] });
  });

  it('requires one of the two', () => {
    expect(() => parseSettings(stores)).toThrow(/^JWT_SECRET is required: .* or JWT_KEYS_DIR\.$/);
  });

  it('stops at a broken directory with one sentence that contains nothing of the keys', () => {
    const file = join(directory, `${kid}.pem`);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\n.{20}/, '\n'));
    const settings = parseSettings({ ...stores, JWT_KEYS_DIR: directory });
    expect(() => AppModule.forRoot(settings)).toThrow(
      `JWT_KEYS_DIR holds a file that is no P-256 private key in PKCS#8 PEM, ${kid}.pem.`,
    );
    const accepted = parseSettings({
      ...stores,
      JWT_SECRET: 'a secret of the tests, long enough',
      JWT_ACCEPTED_KEYS_DIR: directory,
    });
    expect(() => AppModule.forRoot(accepted)).toThrow(/^JWT_ACCEPTED_KEYS_DIR holds a file that/);
  });
});
