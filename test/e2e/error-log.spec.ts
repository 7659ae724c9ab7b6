import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { Controller, Get, Logger, Param } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Logger as PinoLogger } from 'pino';
import { EventQueue } from '../../libs/audit/event-queue';
import { Database } from '../../libs/database';
import { Public } from '../../libs/http';
import { RedisClient } from '../../libs/redis';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { picture } from '../support/pictures';
import { until } from '../support/until';

type Line = Record<string, unknown>;

/** Placed wherever a client or a library may put a value into an error. */
const SECRET = 'tr3asure-of-the-tests';

/** As a client of SMTP fails: every field has the dialogue or the addresses. */
function smtpError(): Error {
  return Object.assign(new Error(`Can't send mail: 550 <${SECRET}> unknown`), {
    code: 'EENVELOPE',
    responseCode: 550,
    command: `RCPT TO:<${SECRET}>`,
    response: `550 5.1.1 <${SECRET}> unknown`,
    rejected: [SECRET],
    rejectedErrors: [new Error(SECRET)],
  });
}

const THROWN: Record<string, () => unknown> = {
  'a plain error': () => new Error(SECRET),
  'a text': () => SECRET,
  'an error with causes': () =>
    new TypeError('x', { cause: new AggregateError([smtpError()], SECRET, { cause: SECRET }) }),
  'JSON that quotes input': () => {
    try {
      return JSON.parse(SECRET) as unknown;
    } catch (error) {
      return error;
    }
  },
  'a client of SMTP': smtpError,
};

@Public()
@Controller('failing')
class FailingController {
  constructor(
    private readonly database: Database,
    private readonly redis: RedisClient,
  ) {}

  @Get('thrown/:what')
  throwIt(@Param('what') what: string) {
    throw THROWN[what]?.();
  }

  @Get('type')
  ofAnotherType() {
    return this.database.run((manager) => manager.query('SELECT $1::uuid', [SECRET]));
  }

  @Get('constraint')
  breaksConstraint() {
    return this.database.run((manager) =>
      manager.query('INSERT INTO users (id, email) VALUES (gen_random_uuid(), $1)', [SECRET]),
    );
  }

  @Get('redis')
  ofRedis() {
    return this.redis.get(`hash:${SECRET}`);
  }
}

describe('an unexpected error', () => {
  let app: TestApp;
  const role = `logged_${process.pid}`;

  beforeAll(async () => {
    app = await startTestApp({
      env: { JOBS_ENABLED: 'true' },
      more: { controllers: [FailingController] },
    });
  });

  afterAll(async () => {
    await app.close();
  });

  /** The lines since `start`. Fails when one of them contains a secret. */
  function linesSince(start: number, secrets: readonly string[]): Line[] {
    const lines = app.log.slice(start);
    for (const secret of [SECRET, PASSWORD, '$argon2', ...secrets]) {
      expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    }
    return lines.map((line) => JSON.parse(line) as Line);
  }

  async function errorOf(path: string): Promise<Line> {
    const start = app.log.length;
    expect((await app.http.get(`/api/failing/${path}`)).status).toBe(500);
    const lines = linesSince(start, []);
    return lines.find(({ msg }) => msg === 'unexpected error')?.err as Line;
  }

  it.each(Object.keys(THROWN))('in a handler is logged without its data: %s', async (what) => {
    const err = await errorOf(`thrown/${encodeURIComponent(what)}`);
    expect(Object.keys(err)).toEqual(expect.arrayContaining(['type', 'message']));
    if (what !== 'a text') {
      expect(err.stack).toMatch(/^ +at .*error-log\.spec/m);
    }
  });

  it('of a value in Postgres is logged by SQLSTATE, and of a constraint by its table', async () => {
    expect(await errorOf('type')).toMatchObject({ type: 'QueryFailedError', code: '22P02' });
    expect(await errorOf('constraint')).toMatchObject({ code: '23502', table: 'users' });
  });

  it('of Redis is logged by the reply, without arguments', async () => {
    await app.redis.client.hset(`hash:${SECRET}`, 'a', 'b');
    expect(await errorOf('redis')).toMatchObject({
      type: 'ReplyError',
      code: 'WRONGTYPE',
      message: expect.stringContaining('WRONGTYPE') as string,
    });
  });

  it('of a missing table names the table', async () => {
    const { user } = await app.register();
    const start = app.log.length;
    await app.database.sql.query('ALTER TABLE users RENAME TO gone');
    try {
      const json = { email: user.email, password: PASSWORD };
      expect((await app.http.post('/api/auth/login', { json })).status).toBe(500);
    } finally {
      await app.database.sql.query('ALTER TABLE gone RENAME TO users');
    }
    const lines = linesSince(start, [user.email]);
    expect(lines.find(({ err }) => err)?.err).toMatchObject({
      code: '42P01',
      message: 'relation "users" does not exist',
    });
  });

  it('of a script in Redis names the command and the line', async () => {
    const { user } = await app.register();
    const start = app.log.length;
    const key = `session:{${user.id}}`;
    await app.redis.client.set(key, SECRET);
    try {
      const json = { email: user.email, password: PASSWORD };
      await app.http.post('/api/auth/login', { json });
    } finally {
      await app.redis.client.del(key);
    }
    const lines = linesSince(start, [user.email]);
    const errors = lines.flatMap(({ err, reason }) =>
      err ? [err] : reason ? [{ message: reason }] : [],
    );
    expect(errors).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(/WRONGTYPE.* in evalsha at user_script:\d+$/) as string,
      }),
    );
  });

  it('of a file contains no path', async () => {
    const { accessToken: token } = await app.register();
    const start = app.log.length;
    rmSync(app.avatarDirectory, { recursive: true });
    writeFileSync(app.avatarDirectory, '');
    try {
      const content = new Uint8Array(await picture(8, 8).png().toBuffer());
      const form = new FormData();
      form.set('avatar', new Blob([content], { type: 'image/png' }), `${SECRET}.png`);
      expect((await app.http.post('/api/auth/profile/avatar', { token, form })).status).toBe(503);
    } finally {
      rmSync(app.avatarDirectory);
      mkdirSync(app.avatarDirectory);
    }
    const lines = linesSince(start, [app.avatarDirectory]);
    expect(lines.find(({ msg }) => msg === 'store unavailable')).toMatchObject({
      dependency: 'avatar storage',
      reason: expect.stringMatching(/^\w+ (ENOTDIR|EEXIST)$/) as string,
    });
  });

  it('of a job is logged without its data', async () => {
    const start = app.log.length;
    await app.redis.client.rename('latchkey:statistics', 'set-aside');
    await app.redis.client.set('latchkey:statistics', SECRET);
    try {
      void app.nest.get(SchedulerRegistry).getCronJob('redis-check').fireOnTick();
      await until(
        'the failure is logged',
        () => app.log.slice(start),
        (lines) => lines.some((line) => line.includes('redis-check failed')),
      );
    } finally {
      await app.redis.client.rename('set-aside', 'latchkey:statistics');
    }
    const failure = linesSince(start, []).find(({ msg }) => msg === 'redis-check failed');
    expect(failure).toMatchObject({
      job: 'redis-check',
      err: {
        type: 'ReplyError',
        code: 'WRONGTYPE',
        message: expect.stringMatching(/^WRONGTYPE.*user_script:\d+$/) as string,
      },
    });
  });

  it('of audit events that Postgres refuses contains none of them', async () => {
    const start = app.log.length;
    await app.database.sql.query('ALTER TABLE audit_events RENAME TO gone');
    try {
      const json = { email: newEmail(), password: SECRET };
      await app.http.post('/api/auth/login', { json, headers: { 'user-agent': SECRET } });
      await app.nest.get(EventQueue).flush();
    } finally {
      await app.database.sql.query('ALTER TABLE gone RENAME TO audit_events');
    }
    const lines = linesSince(start, []);
    expect(lines.find(({ context, err }) => context === 'AuditRecorder' && err)?.err).toMatchObject(
      { code: '42P01' },
    );
  });

  it('is logged in the same way by every logger', () => {
    const start = app.log.length;
    const error = Object.assign(new Error(SECRET), { parameters: [SECRET] });
    const nest = new Logger('Test');
    nest.error(error);
    nest.error('failed', error.stack);
    nest.error('failed', error);
    nest.warn({ deep: { errors: [error] } }, 'failed');
    nest.log({ err: error });
    const pino = app.nest.getHttpAdapter().getInstance().log as unknown as PinoLogger;
    pino.error(error);
    pino.error(error, 'failed');
    pino.error({ err: error });
    pino.error({ err: error }, error.message);
    pino.info({ details: error }, 'failed: %s', error);
    const lines = linesSince(start, []);
    expect(lines).toHaveLength(10);
    expect(lines.filter(({ msg }) => typeof msg === 'string')).toHaveLength(10);
  });

  // Last: another application takes over the log of this process.
  it('at a sign-up without the right to insert names the table, and contains nothing of the account', async () => {
    const { sql } = app.database;
    const owner = new URL(app.database.url);
    await sql.query(`CREATE ROLE ${role} LOGIN PASSWORD '${SECRET}'`);
    await sql.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
    );
    await sql.query(`REVOKE INSERT ON users FROM ${role}`);
    [owner.username, owner.password] = [role, SECRET];
    const other = await startTestApp({ beside: app, env: { DATABASE_URL: owner.href } });
    try {
      const email = newEmail();
      const json = { email, password: PASSWORD };
      expect((await other.http.post('/api/auth/register', { json })).status).toBe(500);
      const lines = other.log.join('');
      for (const secret of [SECRET, PASSWORD, email, '$argon2', 'parameters']) {
        expect(lines).not.toContain(secret);
      }
      const failure = other.log.map((line) => JSON.parse(line) as Line).find(({ err }) => err);
      expect(failure?.err).toMatchObject({
        type: 'QueryFailedError',
        message: 'permission denied for table users',
        code: '42501',
      });
    } finally {
      await other.close();
      await sql.query(`DROP OWNED BY ${role}`);
      await sql.query(`DROP ROLE ${role}`);
    }
  });
});
