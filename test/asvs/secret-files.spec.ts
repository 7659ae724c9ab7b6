import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useApiSuite } from '../support/api-suite';
import { runCli } from '../support/cli';
import { newFolder } from '../support/stores';

describe('secrets that are not in the environment', () => {
  const suite = useApiSuite();
  function file(name: string, content: string): string {
    const path = join(newFolder('secret-'), name);
    writeFileSync(path, `${content}\n`, { mode: 0o400 });
    return path;
  }

  const inFiles = () => ({
    DATABASE_URL: '',
    DATABASE_URL_FILE: file('database', suite.database.url),
    REDIS_URL: '',
    REDIS_URL_FILE: file('redis', suite.redis.url),
    JWT_SECRET: '',
    JWT_SECRET_FILE: file('jwt', 'a secret of the tests, long enough'),
  });

  it('V13.3.1: the API reads them from files', async () => {
    const api = await suite.spawn(inFiles());
    await api.untilServing();
    const json = { email: 'from-a-file@example.com', password: 'correct horse battery staple' };
    expect((await api.http.post('/api/auth/register', { json })).status).toBe(201);
  });

  it('V13.3.1: so does the command line', async () => {
    const { exitCode, stdout } = await runCli(['stats'], inFiles());
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('sessions')]);
  });

  it('V13.3.1: the start names the setting that cannot be read, and not the path', async () => {
    const api = await suite.spawn({ ...inFiles(), JWT_SECRET_FILE: '/run/secrets/nowhere' });
    expect(await api.ended).toBe('exit code 1');
    expect(api.complaint).toBe('JWT_SECRET_FILE names a file that cannot be read (ENOENT).\n');
  });
});
