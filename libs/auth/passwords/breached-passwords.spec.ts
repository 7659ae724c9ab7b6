import { Logger } from '@nestjs/common';
import {
  digestOf,
  startBreachService,
  type BreachService,
} from '../../../test/support/breach-service';
import type { AuthOptions } from '../auth.options';
import { BreachedPasswords } from './breached-passwords';

const BREACHED = 'a password of a breach';
const UNKNOWN = 'a password of no other user';

describe('breached passwords', () => {
  let service: BreachService;
  let breached: BreachedPasswords;
  let warn: jest.SpyInstance;

  beforeEach(async () => {
    service = await startBreachService([BREACHED]);
    breached = new BreachedPasswords({
      passwords: { breachServiceUrl: service.url },
    } as AuthOptions);
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
  });

  afterEach(async () => {
    breached.onApplicationShutdown();
    warn.mockRestore();
    await service.stop();
  });

  /** The fields of the logged warnings. No line contains the password or its hash. */
  function warnings(): unknown[] {
    const calls = warn.mock.calls as unknown[][];
    expect(JSON.stringify(calls)).not.toContain(digestOf(BREACHED).slice(0, 5));
    expect(JSON.stringify(calls)).not.toContain(BREACHED);
    return calls.filter(([, text]) => typeof text === 'string').map(([fields]) => fields);
  }

  it('are found by five digits of their hash, with padding', async () => {
    expect(await breached.has(BREACHED)).toBe(true);
    expect(service.asked.map(({ url }) => url)).toEqual([
      `/range/${digestOf(BREACHED).slice(0, 5)}?mode=sha1`,
    ]);
    expect(service.asked[0]!.headers['add-padding']).toBe('true');
    expect(JSON.stringify(service.asked[0]!.rawHeaders)).not.toContain(digestOf(BREACHED).slice(5));
    expect(warnings()).toEqual([]);
  });

  it('do not include a password without a known breach', async () => {
    expect(await breached.has(UNKNOWN)).toBe(false);
    expect(service.asked).toHaveLength(1);
    expect(warnings()).toEqual([]);
  });

  it('are not looked up where no service is set', async () => {
    const off = new BreachedPasswords({} as AuthOptions);
    expect(await off.has(BREACHED)).toBe(false);
    off.onApplicationShutdown();
    expect(service.asked).toEqual([]);
  });

  it.each<[string, BreachService['answer'], string]>([
    ['does not answer', () => undefined, 'TimeoutError'],
    [
      'answers an error',
      (_, response) => response.writeHead(500).end('500'),
      'the service answered with an error',
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
      'stops in the middle of an answer without closing it',
      (_, response) => void response.writeHead(200).write('00'),
      'TimeoutError',
    ],
    ['breaks the connection', ({ socket }) => socket.resetAndDestroy(), 'ECONNRESET'],
  ])('pass, with a warning, where the service %s', async (_what, how, reason) => {
    service.answer = how;
    expect(await breached.has(BREACHED)).toBe(false);
    expect(warnings()).toEqual([{ reason }]);
  });

  it('are not looked up while the service fails repeatedly', async () => {
    service.answer = (_, response) => response.writeHead(500).end();
    await Promise.all(Array.from({ length: 5 }, () => breached.has(BREACHED)));
    expect(service.asked).toHaveLength(5);
    await Promise.all(Array.from({ length: 5 }, () => breached.has(BREACHED)));
    // The breaker may have let one request through to try the service.
    expect(service.asked.length).toBeLessThanOrEqual(6);
    expect(warnings()).toEqual(
      Array.from({ length: 10 }, () => ({ reason: 'the service answered with an error' })),
    );
  });
});
