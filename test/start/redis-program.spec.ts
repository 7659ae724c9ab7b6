import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createOutput } from '../../tools/local/output.mjs';
import { redisCommand } from '../../tools/local/redis.mjs';
import { findRedis, parseVersion, redisAt } from '../../tools/local/redis-program.mjs';

describe('finding a Redis', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'latchkey-path-'));
  });

  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function addProgram(name: string, script: string): string {
    const path = join(dir, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  function find() {
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const output = createOutput(silent as unknown as NodeJS.WriteStream);
    return findRedis({ output, env: { PATH: dir } });
  }

  it('takes the redis-server on PATH', async () => {
    const path = addProgram('redis-server', 'echo "Redis server v=7.2.4 sha=0:0 bits=64"');

    expect(await find()).toEqual({ kind: 'program', path, version: 'Redis 7.2.4' });
  });

  it('prefers a recent Valkey to a Redis that is too old', async () => {
    addProgram('redis-server', 'echo "Redis server v=6.2.14 sha=0:0"');
    const path = addProgram('valkey-server', 'echo "Valkey server v=8.0.1 sha=0:0"');

    expect(await find()).toEqual({ kind: 'program', path, version: 'Valkey 8.0.1' });
  });

  it('takes the server that a tester names, and no other', async () => {
    addProgram('redis-server', 'echo "Redis server v=7.2.4 sha=0:0"');
    const path = addProgram('other-server', 'echo "Valkey server v=8.1.0 sha=0:0"');

    expect(await redisAt(path)).toEqual({ kind: 'program', path, version: 'Valkey 8.1.0' });
  });

  it.each([
    ['Redis 6.2.14', 'echo "Redis server v=6.2.14 sha=0:0"'],
    ['no Redis or Valkey', 'echo hello'],
  ])('refuses a named server that is %s', async (what, script) => {
    const path = addProgram('other-server', script);

    await expect(redisAt(path)).rejects.toThrow(
      `LATCHKEY_TEST_REDIS_SERVER names a server that is ${what}`,
    );
  });

  it('falls back on a running Docker', async () => {
    const path = addProgram('docker', 'exit 0');

    expect(await find()).toMatchObject({ kind: 'docker', path });
  });

  it('names in one sentence the programs to install when there is none', async () => {
    addProgram('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');

    await expect(find()).rejects.toThrow(
      /^No Redis was found and none could be installed: install redis-server 7\.0 or later, .*, or set REDIS_URL\.$/,
    );
  });

  it('names the Redis that is too old', async () => {
    addProgram('redis-server', 'echo "Redis server v=6.0.16 sha=0:0"');

    await expect(find()).rejects.toThrow(/redis-server 6\.0\.16 is too old/);
  });
});

describe('the version of a Redis', () => {
  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1', 'Redis', '7.0.15', true],
    ['Redis server v=8.2.0 sha=00000000:1', 'Redis', '8.2.0', true],
    ['Redis server v=6.2.14 sha=00000000:0', 'Redis', '6.2.14', false],
    ['Redis server v=10.0.0 sha=00000000:0', 'Redis', '10.0.0', true],
    ['Valkey server v=7.2.5 sha=00000000:0', 'Valkey', '7.2.5', true],
    ['Valkey server v=9.0.0-rc1 sha=00000000:0', 'Valkey', '9.0.0-rc1', true],
  ])('of %j is %s %s', (text, product, version, supported) => {
    expect(parseVersion(text)).toEqual({ product, version, supported });
  });

  it('is unknown when the program prints other text', () => {
    expect(parseVersion('command not found')).toBeUndefined();
  });
});

describe('the command line of a Redis', () => {
  it('listens on loopback, keeps its data and never evicts', () => {
    const found = { kind: 'program' as const, path: '/opt/redis-server', version: 'Redis 7.0.15' };

    const { command, args } = redisCommand(found, {
      port: 6400,
      dir: '/data',
      flags: ['--hz', '5'],
    });

    expect(command).toBe('/opt/redis-server');
    expect(args.join(' ')).toBe(
      '--port 6400 --bind 127.0.0.1 --protected-mode yes --dir /data --daemonize no ' +
        '--maxmemory-policy noeviction --appendonly yes --appendfsync everysec --save  --hz 5',
    );
  });

  it('names a file for the password, which it never holds itself', () => {
    const options = { port: 6400, dir: '/data/redis', hasPassword: true };
    const program = {
      kind: 'program' as const,
      path: '/opt/redis-server',
      version: 'Redis 7.0.15',
    };
    const docker = { kind: 'docker' as const, path: '/opt/docker', image: 'redis:7-alpine' };

    expect(redisCommand(program, options).args[0]).toBe('/data/redis/password.conf');
    expect(redisCommand(docker, options).args.join(' ')).toContain(
      'redis:7-alpine redis-server /data/password.conf ',
    );
  });

  it('publishes the port of a container on loopback only', () => {
    const found = { kind: 'docker' as const, path: '/opt/docker', image: 'redis:7-alpine' };

    const { command, args } = redisCommand(found, { port: 6400, dir: '/data' });

    expect(command).toBe('/opt/docker');
    expect(args.slice(0, 4)).toEqual(['run', '--rm', '-i', '--name']);
    expect(args[4]).toMatch(/^latchkey-redis-[0-9a-f]{12}$/);
    expect(args).toEqual(expect.arrayContaining(['127.0.0.1:6400:6379', '/data:/data']));
    expect(args.slice(args.indexOf('redis:7-alpine'))).toEqual(
      expect.arrayContaining(['redis-server', '--appendonly', 'noeviction']),
    );
  });
});
