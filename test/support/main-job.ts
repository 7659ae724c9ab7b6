import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import type { ApiProcess } from './api-process';
import { newEmail, PASSWORD } from './app';
import { runCli } from './cli';

const PROFILE = '/api/auth/profile';

/**
 * Checks sign-up, sign-in, the cached profile, refresh, every way to end sessions, and the jobs, all of them answered
 * by Redis.
 * @param env the settings of both stores, for the command line.
 */
export async function expectMainJob(
  { http }: ApiProcess,
  env: Record<string, string>,
): Promise<void> {
  const email = newEmail();
  const json = { email, password: PASSWORD };
  const call = async (method: string, path: string, status: number, options = {}) => {
    const answer = await http.call<AuthResultDto>(method, path, options);
    expect([path, answer.status]).toEqual([path, status]);
    return answer;
  };
  const logIn = async () => (await call('POST', '/api/auth/login', 200, { json })).body;
  const read = (token: string, status: number) => call('GET', PROFILE, status, { token });
  const command = async (...args: string[]) => {
    const { exitCode, stderr } = await runCli(args, env);
    expect([args, exitCode, stderr]).toEqual([args, 0, '']);
  };

  const { body: first } = await call('POST', '/api/auth/register', 201, { json });
  expect((await read(first.accessToken, 200)).headers.get('x-cache')).toBe('MISS');
  expect((await read(first.accessToken, 200)).headers.get('x-cache')).toBe('HIT');
  await call('PUT', PROFILE, 200, { token: first.accessToken, json: { bio: 'changed' } });
  const { refreshToken } = first;
  const { body: fresh } = await call('POST', '/api/auth/refresh', 200, { json: { refreshToken } });
  await read(fresh.accessToken, 200);
  await call('POST', '/api/auth/logout', 204, { token: fresh.accessToken });
  await read(fresh.accessToken, 401);

  const several = [await logIn(), await logIn()];
  await call('POST', '/api/auth/logout-all', 200, { token: several[0]!.accessToken });
  await Promise.all(several.map(({ accessToken }) => read(accessToken, 401)));

  const victim = await logIn();
  const administrator = newEmail();
  const credentials = { json: { email: administrator, password: PASSWORD } };
  await call('POST', '/api/auth/register', 201, credentials);
  await command('users', 'grant-role', administrator, 'admin');
  const { accessToken: token } = (await call('POST', '/api/auth/login', 200, credentials)).body;
  await call('DELETE', `/api/admin/users/${victim.user.id}/sessions`, 200, { token });
  await read(victim.accessToken, 401);

  await command('clean-up');
  await command('redis-check');
  await command('stats');
}
