import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const STRONG = 'k3Yq9xW7tR5zP1mN8vB6cL4jH2gF0dS!';

const GOOD = {
  DATABASE_URL: 'postgres://user:database-password@127.0.0.1:9/none',
  REDIS_URL: 'redis://:redis-password@127.0.0.1:9',
  JWT_SECRET: STRONG,
};

const MAIN = join(ROOT, 'dist/apps/api/main.js');

/** Starts the built API, without an .env, with these variables alone; it must stop by itself. */
function start(env: Record<string, string>, { cwd = emptyFolder(), args = [] as string[] } = {}) {
  return spawnSync(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
}

function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'latchkey-settings-'));
}

/** One of each kind: missing, malformed, too weak, unusable here. libs/config has the rest. */
const BAD: [variable: string, env: Record<string, string>][] = [
  ['DATABASE_URL', { ...GOOD, DATABASE_URL: '' }],
  ['REDIS_URL', { ...GOOD, REDIS_URL: 'http://secret-place' }],
  [
    'JWT_SECRET',
    { ...GOOD, NODE_ENV: 'production', LOG_FORMAT: 'pretty', JWT_SECRET: 'short-secret' },
  ],
  ['HOST', { ...GOOD, HOST: '192.0.2.1' }],
  ['JWT_KEYS_DIR', { ...GOOD, JWT_KEYS_DIR: '/nowhere/at/all' }],
  ['AVATAR_DIR', { ...GOOD, AVATAR_DIR: '/dev/null/avatars' }],
];

describe('a bad setting', () => {
  it.each(BAD)('%s stops the start with one sentence that names it (%j)', (variable, env) => {
    const { status, stdout, stderr } = start(env);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(new RegExp(`^${variable} [^\\n]+\\.\\n$`));
    for (const value of Object.values(env).filter(
      (one) => !['', 'production', 'pretty'].includes(one),
    )) {
      expect(stderr).not.toContain(value);
    }
  });
});

describe('a setting that only a trial can check', () => {
  it.each(['PORT', 'METRICS_PORT'])(
    '%s stops the start when another program has it',
    async (name) => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const port = String((other.address() as AddressInfo).port);
      const { status, stderr } = start({ ...GOOD, PORT: '0', [name]: port });
      other.close();
      expect([status, stderr]).toEqual([1, `${name} is taken by another program.\n`]);
    },
  );

  it('.env stops the start when it is not text in UTF-8', () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, '.env'), Buffer.from('\uFEFFPORT=1\n', 'utf16le'));
    const { status, stderr } = start(GOOD, { cwd });
    expect([status, stderr]).toEqual([1, '.env is not text in UTF-8.\n']);
  });

  it('is tried with --check-settings, which starts nothing', () => {
    const good = { ...GOOD, PORT: '0', HOST: '[::1]', AVATAR_DIR: emptyFolder() };
    const check = { args: ['--check-settings'] };
    expect(start(good, check)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const { status, stderr } = start({ ...good, AVATAR_DIR: '/dev/null/avatars' }, check);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^AVATAR_DIR names a directory that cannot be written \(E[A-Z]+\)\.\n$/);
  });
});
