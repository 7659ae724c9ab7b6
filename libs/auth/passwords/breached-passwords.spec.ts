import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import type { AuthOptions } from '../auth.options';
import { BreachedPasswords } from './breached-passwords';

const BREACHED = 'a password of a breach';
const UNKNOWN = 'a password of nobody else';

const digestOf = (password: string) =>
  createHash('sha1').update(password).digest('hex').toUpperCase();

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The range API: what the entries of these five digits end in, and how often each was seen. */
const range: Answer = (request, response) => {
  const [prefix, suffix] = [digestOf(BREACHED).slice(0, 5), digestOf(BREACHED).slice(5)];
  const other = `${'0'.repeat(35)}:3`;
  const padding = `${digestOf(UNKNOWN).slice(5)}:0`;
  const isKnown = request.url?.startsWith(`/range/${prefix}?`);
  response.end([other, isKnown ? `${suffix}:12` : padding].join('\r\n'));
};

describe('breached passwords', () => {
  let server: Server;
  let answer: Answer;
  let asked: IncomingMessage[];
  let breached: BreachedPasswords;
  let warn: jest.SpyInstance;

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  beforeEach(() => {
    const { port } = server.address() as AddressInfo;
    asked = [];
    answer = range;
    breached = new BreachedPasswords({
      passwords: { breachServiceUrl: `http://127.0.0.1:${port}` },
    } as AuthOptions);
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
  });

  afterEach(() => {
    breached.onApplicationShutdown();
    warn.mockRestore();
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** What stands in the log, which tells nothing of the password. */
  function warnings(): unknown[] {
    const calls = warn.mock.calls as unknown[][];
    expect(JSON.stringify(calls)).not.toContain(digestOf(BREACHED).slice(0, 5));
    expect(JSON.stringify(calls)).not.toContain(BREACHED);
    return calls.filter(([, text]) => typeof text === 'string').map(([fields]) => fields);
  }

  it('are found by five digits of their hash, with padding', async () => {
    expect(await breached.has(BREACHED)).toBe(true);
    expect(asked.map(({ url }) => url)).toEqual([
      `/range/${digestOf(BREACHED).slice(0, 5)}?mode=sha1`,
    ]);
    expect(asked[0]!.headers['add-padding']).toBe('true');
    expect(JSON.stringify(asked[0]!.rawHeaders)).not.toContain(digestOf(BREACHED).slice(5));
    expect(warnings()).toEqual([]);
  });

  it('are not those that only pad the answer', async () => {
    expect(await breached.has(UNKNOWN)).toBe(false);
    expect(asked).toHaveLength(1);
    expect(warnings()).toEqual([]);
  });

  it('are not asked for where no service is set', async () => {
    const off = new BreachedPasswords({} as AuthOptions);
    expect(await off.has(BREACHED)).toBe(false);
    off.onApplicationShutdown();
    expect(asked).toEqual([]);
  });

  it.each<[string, Answer, string]>([
    ['says nothing', () => undefined, 'TimeoutError'],
    [
      'answers an error',
      (_, response) => response.writeHead(500).end('500'),
      'an error was answered',
    ],
    [
      'stops in the middle of an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': 1000 });
        response.write('00', () => response.destroy());
      },
      'UND_ERR_SOCKET',
    ],
    [
      'says half and no more',
      (_, response) => void response.writeHead(200).write('00'),
      'TimeoutError',
    ],
    ['breaks the connection', ({ socket }) => socket.resetAndDestroy(), 'ECONNRESET'],
  ])('pass, with a warning, where the service %s', async (_what, how, reason) => {
    answer = how;
    expect(await breached.has(BREACHED)).toBe(false);
    expect(warnings()).toEqual([{ reason }]);
  });

  it('are not asked for while the service fails again and again', async () => {
    answer = (_, response) => response.writeHead(500).end();
    await Promise.all(Array.from({ length: 5 }, () => breached.has(BREACHED)));
    expect(asked).toHaveLength(5);
    await Promise.all(Array.from({ length: 5 }, () => breached.has(BREACHED)));
    // One may have been let through to see whether the service is back.
    expect(asked.length).toBeLessThanOrEqual(6);
    expect(warnings()).toContainEqual({ reason: 'EOPENBREAKER' });
  });
});
