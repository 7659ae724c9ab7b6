import { useApiSuite } from '../support/api-suite';
import { auditRows } from '../support/security-events';

const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery staple';

describe('the log of the process', () => {
  const suite = useApiSuite();

  /** What it prints from its start to its end, with one failed sign-in in between. */
  async function outputOf(env: Record<string, string>): Promise<string[]> {
    const api = await (await suite.spawn(env)).untilServing();
    const json = { email: EMAIL, password: PASSWORD };
    await api.http.post('/api/auth/login', { json, headers: { 'x-request-id': 'the-request' } });
    api.signal('SIGTERM');
    expect(await api.ended).toBe('exit code 0');
    return api.output.trimEnd().split('\n');
  }

  it('is JSON, a line each, where that is asked for', async () => {
    const lines = (await outputOf({ LOG_FORMAT: 'json' })).map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 40,
        context: 'SecurityEvents',
        event: 'login_failed',
        requestId: 'the-request',
        userId: null,
        ip: '127.0.0.1',
        details: { reason: 'unknown_account' },
      }),
    );
    // It was asked to stop before it was time to write events.
    const rows = await auditRows(suite.database.sql);
    expect(rows).toContainEqual(
      expect.objectContaining({ name: 'login_failed', request_id: 'the-request' }),
    );
    expect(lines.at(-1)).toMatchObject({ level: 30, context: 'Shutdown', msg: 'stopped' });
  });

  it('is for people, a line each, outside production', async () => {
    const lines = await outputOf({ LOG_FORMAT: '' });
    for (const line of lines) {
      expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] (INFO|WARN): \S/);
      expect(line).not.toContain('"pid"');
    }
    const failure = lines.find((line) => line.includes('login_failed'));
    expect(failure).toContain('WARN: SecurityEvents: security event {');
    expect(failure).toContain('"requestId":"the-request"');
    expect(lines.at(-1)).toMatch(/INFO: Shutdown: stopped$/);
  });
});
