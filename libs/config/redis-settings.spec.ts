import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRedisSettings, parseSettings } from './settings';
import { SettingsError } from './settings-error';

const URL = 'rediss://latchkey:pw@cache:6379/2';

function parse(env: Record<string, string>) {
  return parseRedisSettings({ REDIS_URL: URL, ...env });
}

function refusal(env: Record<string, string>): string {
  try {
    parse(env);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).message;
  }
  throw new Error('the settings were accepted');
}

describe('the settings of Redis', () => {
  const SENTINELS = { REDIS_SENTINELS: 'a,b:1,[::1]:2', REDIS_SENTINEL_NAME: 'main' };

  it('lead to one server by default', () => {
    expect(parse({})).toEqual({ url: URL });
  });

  it('lead to the master that Sentinels name', () => {
    const credentials = { REDIS_SENTINEL_USER: 'u', REDIS_SENTINEL_PASSWORD: 'p' };
    expect(parse({ ...SENTINELS, ...credentials, REDIS_SENTINEL_TLS: 'on' })).toEqual({
      url: URL,
      sentinels: {
        addresses: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 1 },
          { host: '::1', port: 2 },
        ],
        name: 'main',
        username: 'u',
        password: 'p',
        tls: true,
      },
    });
  });

  it('lead to a Cluster', () => {
    const nodes = { REDIS_CLUSTER_NODES: 'a:7000, [2001:db8::1]:7001,10.0.0.1' };
    const clusterNodes = ['a:7000', '2001:db8::1:7001', '10.0.0.1:6379'];
    for (const REDIS_URL of ['redis://h', 'redis://h/', 'redis://h/0']) {
      expect(parse({ REDIS_URL, ...nodes })).toEqual({ url: REDIS_URL, clusterNodes });
    }
  });

  it.each([
    ['a:0', 1],
    ['a:65536', 1],
    ['a,b:port', 2],
    ['a,', 2],
    ['a,::1', 2],
    ['a,[::1', 2],
    ['a,[b]:1', 2],
    ['redis://a', 1],
    ['a b', 1],
    ['1.2.3:4', 1],
  ])('refuse the list %s and name the entry', (list, entry) => {
    expect(refusal({ REDIS_CLUSTER_NODES: list })).toMatch(
      new RegExp(`^REDIS_CLUSTER_NODES must be a list .*: entry ${entry} is no host with a port`),
    );
    expect(refusal({ ...SENTINELS, REDIS_SENTINELS: list })).toMatch(/^REDIS_SENTINELS must be/);
  });

  it.each([
    [{ ...SENTINELS, REDIS_CLUSTER_NODES: 'a' }, 'REDIS_CLUSTER_NODES must not be set together'],
    [{ REDIS_CLUSTER_NODES: 'a' }, 'REDIS_URL must not end in the number of a database other'],
    [{ REDIS_SENTINELS: 'a' }, 'REDIS_SENTINEL_NAME is required with REDIS_SENTINELS'],
    [{ REDIS_SENTINEL_NAME: 'a' }, 'REDIS_SENTINEL_NAME has no effect without REDIS_SENTINELS'],
    [{ REDIS_SENTINEL_USER: 'a' }, 'REDIS_SENTINEL_USER has no effect'],
    [{ REDIS_SENTINEL_PASSWORD: 'a' }, 'REDIS_SENTINEL_PASSWORD has no effect'],
    [{ REDIS_SENTINEL_TLS: 'on' }, 'REDIS_SENTINEL_TLS has no effect'],
    [{ ...SENTINELS, REDIS_SENTINEL_USER: 'a' }, 'REDIS_SENTINEL_PASSWORD is required'],
  ])('refuse %j', (env, sentence) => {
    expect(refusal(env)).toContain(sentence);
    expect(refusal(env)).toMatch(/^[A-Z_]+ [^\n]+\.$/);
  });
});

describe('the password at the Sentinels', () => {
  it('must be none of an example in production', () => {
    const env = {
      NODE_ENV: 'production',
      DATABASE_URL: 'postgres://app:zK4mP9@db/latchkey',
      REDIS_URL: 'redis://:zK4mP9@unused',
      JWT_SECRET: 'kJ8#mQ2$vX9!pL4&zR7*wN3@bT6^yH1%',
      REDIS_SENTINELS: 'a',
      REDIS_SENTINEL_NAME: 'main',
    };
    expect(parseSettings({ ...env, REDIS_SENTINEL_PASSWORD: 'zK4mP9' }).redis.sentinels).toEqual(
      expect.objectContaining({ password: 'zK4mP9' }),
    );
    expect(() => parseSettings({ ...env, REDIS_SENTINEL_PASSWORD: 'change-me' })).toThrow(
      'REDIS_SENTINEL_PASSWORD must not hold the password of an example.',
    );
  });
});

describe('the TLS files of Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-tls-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  const key = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
  const [keyFile, noPem] = [file('key', key), file('no-pem', 'nothing')];

  it.each([
    [{ REDIS_CA_FILE: keyFile, REDIS_URL: 'redis://h' }, 'REDIS_CA_FILE has no effect without TLS'],
    [{ REDIS_KEY_FILE: keyFile }, 'REDIS_CERT_FILE is required with REDIS_KEY_FILE'],
    [{ REDIS_CERT_FILE: keyFile }, 'REDIS_KEY_FILE is required with REDIS_CERT_FILE'],
    [{ REDIS_CA_FILE: '/nowhere' }, 'REDIS_CA_FILE names a file that cannot be read (ENOENT)'],
    [{ REDIS_CA_FILE: noPem }, 'REDIS_CA_FILE names a file that holds no certificate'],
    [{ REDIS_CERT_FILE: noPem, REDIS_KEY_FILE: keyFile }, 'REDIS_CERT_FILE names a file that'],
  ])('are refused: %j', (env, sentence) => {
    expect(refusal(env)).toContain(sentence);
  });
});
