import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const STRONG = 'k3Yq9xW7tR5zP1mN8vB6cL4jH2gF0dS!';

const GOOD = {
  DATABASE_URL: 'postgres://user:database-password@127.0.0.1:9/none',
  REDIS_URL: 'redis://:redis-password@127.0.0.1:9',
  JWT_SECRET: STRONG,
};

/** Starts the built API, far from any .env, with these variables alone; it must stop by itself. */
function start(env: Record<string, string>) {
  return spawnSync(process.execPath, [join(ROOT, 'dist/apps/api/main.js')], {
    cwd: mkdtempSync(join(tmpdir(), 'latchkey-settings-')),
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
}

const BAD: [variable: string, env: Record<string, string>][] = [
  ['DATABASE_URL', { ...GOOD, DATABASE_URL: '' }],
  ['DATABASE_URL', { ...GOOD, DATABASE_URL: 'mysql://secret-place' }],
  ['REDIS_URL', { ...GOOD, REDIS_URL: '' }],
  ['REDIS_URL', { ...GOOD, REDIS_URL: 'http://secret-place' }],
  ['JWT_SECRET', { ...GOOD, JWT_SECRET: '' }],
  ['JWT_SECRET', { ...GOOD, NODE_ENV: 'production', JWT_SECRET: 'short-secret' }],
  ['JWT_SECRET', { ...GOOD, NODE_ENV: 'production', JWT_SECRET: 'secret'.repeat(10) }],
  ['NODE_ENV', { ...GOOD, NODE_ENV: 'prod-like' }],
  ['PORT', { ...GOOD, PORT: '99999' }],
  ['PORT', { ...GOOD, PORT: 'three' }],
  ['LOG_LEVEL', { ...GOOD, LOG_LEVEL: 'loudest' }],
  ['LOG_FORMAT', { ...GOOD, LOG_FORMAT: 'loudly' }],
  ['AUDIT_RETENTION', { ...GOOD, AUDIT_RETENTION: '91' }],
  ['JWT_EXPIRES_IN', { ...GOOD, JWT_EXPIRES_IN: 'tomorrow' }],
  ['SESSION_TTL', { ...GOOD, SESSION_TTL: '86400' }],
  ['PROFILE_TTL', { ...GOOD, PROFILE_TTL: '0s' }],
  ['BLACKLIST_TTL', { ...GOOD, BLACKLIST_TTL: '-24h' }],
  ['METRICS_ALLOW', { ...GOOD, METRICS_ALLOW: 'everybody-here' }],
  ['OTEL_TRACES_SAMPLER', { ...GOOD, OTEL_TRACES_SAMPLER: 'now-and-then' }],
];

describe('a bad setting', () => {
  it.each(BAD)('%s stops the start with one sentence that names it (%j)', (variable, env) => {
    const { status, stdout, stderr } = start(env);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(new RegExp(`^${variable} [^\\n]+\\.\\n$`));
    for (const value of Object.values(env).filter((one) => one !== '' && one !== 'production')) {
      expect(stderr).not.toContain(value);
    }
  });
});
