import { useApiSuite } from '../support/api-suite';
import { auditRows } from '../support/audit-events';

const EMAIL = 'ada@example.com';
const SECRET = 's3cret-of-the-log';
const PASSWORD = 'correct horse battery staple';

describe('the log of the process', () => {
  const suite = useApiSuite();

  /** The output from the start to the end, with one failed sign-in in between. */
  async function outputOf(env: Record<string, string>): Promise<string[]> {
    const api = await (await suite.spawn(env)).untilServing();
    const json = { email: EMAIL, password: PASSWORD };
    await api.http.post('/api/auth/login', { json, headers: { 'x-request-id': 'the-request' } });
    api.signal('SIGTERM');
    expect(await api.ended).toBe('exit code 0');
    return api.output.trimEnd().split('\n');
  }

  it('is one line of JSON each, where LOG_FORMAT is json', async () => {
    const lines = (await outputOf({ LOG_FORMAT: 'json' })).map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 40,
        context: 'AuditRecorder',
        event: 'login_failed',
        requestId: 'the-request',
        userId: null,
        ip: '127.0.0.1',
        details: { reason: 'unknown_account' },
      }),
    );
    // The process was stopped before the next write of events.
    const rows = await auditRows(suite.database.sql);
    expect(rows).toContainEqual(
      expect.objectContaining({ name: 'login_failed', request_id: 'the-request' }),
    );
    expect(lines.at(-1)).toMatchObject({ level: 30, context: 'Shutdown', msg: 'stopped' });
  });

  it('is one readable line each, outside production', async () => {
    const lines = await outputOf({ LOG_FORMAT: '' });
    for (const line of lines) {
      expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] (INFO|WARN): \S/);
      expect(line).not.toContain('"pid"');
    }
    const failure = lines.find((line) => line.includes('login_failed'));
    expect(failure).toContain('WARN: AuditRecorder: audit event {');
    expect(failure).toContain('"requestId":"the-request"');
    expect(lines.at(-1)).toMatch(/INFO: Shutdown: stopped$/);
  });

  it('is JSON for all other output, too, without text that may quote data', async () => {
    const url = new URL(suite.redis.url);
    [url.username, url.password] = ['uninformed', SECRET];
    await suite.redis.client.call(
      'ACL',
      'SETUSER',
      'uninformed',
      'on',
      `>${SECRET}`,
      '~*',
      '&*',
      '+@all',
      '-info',
    );
    const api = await suite.spawn({ REDIS_URL: url.href, NODE_OPTIONS: PRINTS_AND_FAILS });
    await api.untilServing();
    api.signal('SIGUSR2');
    expect(await api.ended).toBe('exit code 1');
    expect(api.output).not.toContain(SECRET);
    const lines = api.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const ofProcess = lines.filter(({ context }) => context === 'Process');
    expect(ofProcess.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining([
        'a library wrote to standard output: text withheld',
        'a library wrote to standard error: [ioredis] Unhandled error event',
        'warning of Node: an old way',
        'warning of Node: SecretWarning',
      ]),
    );
    expect(lines.at(-1)).toMatchObject({
      level: 60,
      context: 'Process',
      origin: 'unhandledRejection',
      err: { type: 'TypeError', stack: expect.stringContaining('(data::') as string },
    });
  });

  it.each([
    [{ JWT_SECRET: '' }, /^JWT_SECRET is required: [^\n]+\.$/],
    [
      { DATABASE_URL: `postgres://u:${SECRET}@127.0.0.1:9/d`, START_TIMEOUT: '1s' },
      /^Latchkey could not start: Postgres/,
    ],
  ])('is JSON for a start that fails (%j)', async (env, sentence) => {
    const api = await suite.spawn(env);
    expect(await api.ended).toBe('exit code 1');
    const lines = api.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines.at(-1)).toMatchObject({
      level: 60,
      context: 'Start',
      msg: expect.stringMatching(sentence) as string,
    });
    expect(api.output).not.toContain(SECRET);
  });
});

/** Output of libraries and of Node, when the signal arrives, and an unhandled rejection. */
const PRINTS_AND_FAILS = `--import=data:text/javascript,${encodeURIComponent(
  `process.once('SIGUSR2', () => {
     console.log('plain ${SECRET}');
     console.error('[ioredis] Unhandled error event: ${SECRET}');
     process.stderr.write('plain ${SECRET}');
     process.emitWarning('an old way', 'DeprecationWarning', 'DEP0001');
     process.emitWarning('${SECRET}', 'SecretWarning');
     setTimeout(() => Promise.reject(new TypeError('${SECRET}')), 200);
   });`,
)}`;
