import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { addKey } from '../../libs/auth';
import { ROOT } from '../../tools/local/paths.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { Server } from '../../tools/local/server.mjs';
import { startTestApp, type TestApp } from '../support/app';
import { HttpClient } from '../support/http-client';
import { newLogFile } from '../support/run-logs';
import { newFolder } from '../support/stores';
import { TcpProxy } from '../support/tcp-proxy';

const FOLDER = join(ROOT, 'examples/other-languages');
const CLIENT_ID = 'orders';
const CLIENT_SECRET = 'a-secret-of-the-service';

/** Programs by language: how it is recognised on this machine, and how its example is run. */
const EXAMPLES = [
  {
    language: 'Python',
    version: ['python3', '--version'],
    command: ['python3', join(FOLDER, 'verify.py')],
    checksSignatures: false,
  },
  {
    language: 'Go',
    version: ['go', 'version'],
    command: ['go', 'run', join(FOLDER, 'verify.go')],
    checksSignatures: true,
  },
] as const;

function isInstalled([command, ...args]: readonly [string, string]): boolean {
  return spawnSync(command, args).status === 0;
}

/** Skipped, by name, where the language is not installed. */
describe.each(EXAMPLES)('examples/other-languages', (example) => {
  const test = isInstalled(example.version) ? describe : describe.skip;
  test(`in ${example.language}`, () => testExample(example));
});

function testExample({ language, command, checksSignatures }: (typeof EXAMPLES)[number]): void {
  let latchkey: TestApp;
  let wire: TcpProxy;
  let service: Server | undefined;
  let http: HttpClient;

  beforeAll(async () => {
    const keys = newFolder('keys-');
    await addKey(keys);
    latchkey = await startTestApp({
      env: { INTROSPECTION_CLIENTS: `${CLIENT_ID}:${CLIENT_SECRET}`, JWT_KEYS_DIR: keys },
    });
    wire = await TcpProxy.start(Number(new URL(latchkey.http.origin).port));
    http = await serve(CLIENT_SECRET);
  }, 120_000);

  afterAll(async () => {
    await service?.stop();
    wire.stop();
    await latchkey.close();
  });

  /** The service, as a client of Latchkey with this secret. */
  async function serve(secret: string): Promise<HttpClient> {
    await service?.stop();
    const port = await freePort();
    const [program, ...args] = command;
    service = await Server.spawn(program, args, {
      name: language,
      stopSignal: 'SIGTERM',
      killSignal: 'SIGKILL',
      graceMs: 2_000,
      logFile: newLogFile(language),
      env: {
        PATH: process.env.PATH,
        HOME: newFolder('home-'),
        LATCHKEY_URL: `http://127.0.0.1:${wire.port}`,
        LATCHKEY_CLIENT_ID: CLIENT_ID,
        LATCHKEY_CLIENT_SECRET: secret,
        PORT: String(port),
      },
    });
    const client = new HttpClient(`http://127.0.0.1:${port}`);
    const answers = () => client.get('/orders').then(Boolean, () => false);
    await service.waitUntil(answers, { deadlineMs: 100_000 });
    return client;
  }

  it('answers a live token, and refuses it from the first request after its logout', async () => {
    const { accessToken: token, user } = await latchkey.register();
    const alive = await http.get('/orders', { token });
    expect([alive.status, alive.body]).toEqual([200, { service: language, ordersOf: user.id }]);
    expect((await latchkey.http.post('/api/auth/logout', { token })).status).toBe(204);
    const ended = await http.get('/orders', { token });
    expect([ended.status, ended.body.code]).toEqual([401, 'token_invalid']);
  });

  it('refuses a missing, an invented and a malformed token, with a challenge', async () => {
    for (const authorization of [
      '',
      'Bearer x.y.z',
      'Bearer a b',
      'Basic YTpi',
      'Bearer %00&token=',
    ]) {
      const refused = await http.get('/orders', { headers: { authorization } });
      expect([authorization, refused.status]).toEqual([authorization, 401]);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it.each([
    ['cannot be reached', (): void => wire.cut()],
    ['does not answer', (): void => wire.hang()],
  ])('answers 503 while Latchkey %s, and recovers', async (_state, fail) => {
    const { accessToken: token } = await latchkey.register();
    fail();
    const unsure = await http.get('/orders', { token });
    expect([unsure.status, unsure.headers.get('retry-after')]).toEqual([503, '1']);
    wire.restore();
    expect((await http.get('/orders', { token })).status).toBe(200);
  });

  it(`${checksSignatures ? 'refuses' : 'asks about'} a token that no key has signed`, async () => {
    const { accessToken } = await latchkey.register();
    const [head, claims, signature = ''] = accessToken.split('.');
    const forged = [head, claims, [...signature].reverse().join('')].join('.');
    expect((await http.get('/orders', { token: forged })).status).toBe(401);
    wire.cut();
    const { status } = await http.get('/orders', { token: forged });
    expect(status).toBe(checksSignatures ? 401 : 503);
    wire.restore();
  });

  it('answers 503 when Latchkey does not know the service', async () => {
    const { accessToken: token } = await latchkey.register();
    const stranger = await serve('another-secret-of-the-service');
    expect((await stranger.get('/orders', { token })).status).toBe(503);
  });
}
