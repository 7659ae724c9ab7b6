import { Agent, request, type RequestOptions } from 'node:http';
import { performance } from 'node:perf_hooks';
import { ALLOCATOR } from '../../tools/local/api.mjs';
import { PASSWORD } from '../support/app';
import type { ApiProcess } from '../support/api-process';
import { useApiSuite } from '../support/api-suite';
import { askRepeatedly, Meter } from '../faults/load/meter';

/*
 * Prints the cost of a flood of sign-ins for readers, asserts only its answers:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/login-flood.ts'
 */

const READERS = { clients: 64, requests: 8_000 };
const FLOOD = 300;
const ROUNDS = 5;
const USERS = 64;
/** The possible answers to a flood. */
const REFUSALS = [401, 429, 503];

interface Round {
  perSecond: number;
  medianMs: number;
  mostMs: number;
  /** Attempts a second by status. */
  attempts: Map<number, number>;
}

/** The address and the account of an attempt. */
type Attempt = (number: number) => { address: string; email: string };

const FLOODS: Record<string, Attempt> = {
  'from one address, on one account': () => ({
    address: '192.0.2.1',
    email: 'reader-1@example.com',
  }),
  'from ever new addresses, on ever new accounts': (number) => ({
    address: `2001:db8:${(number >> 16).toString(16)}:${(number & 0xffff).toString(16)}::1`,
    email: `user-${number}@example.com`,
  }),
};

/** As little work as possible: the clients take CPU from the server. */
function ask(options: RequestOptions, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', ...options }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', reject)
      .end(body);
  });
}

const readAgent = new Agent({ keepAlive: true, maxSockets: READERS.clients });
const floodAgent = new Agent({ keepAlive: true, maxSockets: FLOOD });

describe('figures', () => {
  const suite = useApiSuite();
  const lines: string[] = [];
  let attempted = 0;

  afterAll(() => {
    readAgent.destroy();
    floodAgent.destroy();
    process.stdout.write(`\n${lines.join('\n')}\n\n`);
  });

  async function signUp(api: ApiProcess): Promise<string[]> {
    const tokens: string[] = [];
    for (let user = 0; user < USERS; user++) {
      const json = { email: `reader-${user}@example.com`, password: PASSWORD };
      const call = { json, headers: { 'x-forwarded-for': `198.51.100.${user}` } };
      const { status, body } = await api.http.post<{ accessToken: string }>(
        '/api/auth/register',
        call,
      );
      expect(status).toBe(201);
      tokens.push(body.accessToken);
    }
    return tokens;
  }

  async function round(api: ApiProcess, tokens: string[], flood?: Attempt): Promise<Round> {
    const meter = new Meter();
    const attempts = new Map<number, number>();
    let reading = true;
    const attacker = async (attempt: Attempt) => {
      while (reading) {
        const { address, email } = attempt((attempted += 1));
        const body = JSON.stringify({ email, password: 'a wrong password' });
        const status = await ask(
          {
            port: api.port,
            agent: floodAgent,
            method: 'POST',
            path: '/api/auth/login',
            headers: {
              'content-type': 'application/json',
              'content-length': body.length,
              'x-forwarded-for': address,
            },
          },
          body,
        );
        attempts.set(status, (attempts.get(status) ?? 0) + 1);
      }
    };
    const attackers = flood ? Array.from({ length: FLOOD }, () => attacker(flood)) : [];
    const beganMs = performance.now();
    await askRepeatedly(meter, READERS, async (index) => {
      const headers = { authorization: `Bearer ${tokens[index % USERS]!}` };
      const path = '/api/auth/profile';
      return { status: await ask({ port: api.port, agent: readAgent, path, headers }) };
    });
    const seconds = (performance.now() - beganMs) / 1000;
    reading = false;
    await Promise.all(attackers);
    expect(meter.failed).toBe(0);
    expect([...attempts.keys()].filter((status) => !REFUSALS.includes(status))).toEqual([]);
    return {
      perSecond: READERS.requests / seconds,
      medianMs: meter.percentileMs(0.5),
      mostMs: meter.percentileMs(0.99),
      attempts: new Map([...attempts].map(([status, count]) => [status, count / seconds])),
    };
  }

  function report(what: string, rounds: Round[]): void {
    const median = (of: (round: Round) => number) =>
      rounds.map(of).sort((one, other) => one - other)[Math.floor(rounds.length / 2)]!;
    const answered = REFUSALS.map((status) =>
      median(({ attempts }) => attempts.get(status) ?? 0).toFixed(0),
    );
    lines.push(
      `| ${what} | ${median((one) => one.perSecond).toFixed(0)} | ` +
        `${median((one) => one.medianMs).toFixed(1)} | ${median((one) => one.mostMs).toFixed(1)} | ` +
        `${answered.join(' | ')} |`,
    );
  }

  it('of reads beside a flood of sign-ins', async () => {
    const api = await suite.spawn({ ...ALLOCATOR, RATE_LIMIT: 'on', TRUST_PROXY: '1' });
    await api.untilServing();
    const tokens = await signUp(api);
    lines.push(
      '| 64 connections read profiles | reads/s | p50 ms | p99 ms | 401/s | 429/s | 503/s |',
    );
    lines.push('| --- | --- | --- | --- | --- | --- | --- |');
    const quiet: Round[] = [];
    const floods = Object.entries(FLOODS).map(([name, attempt]) => ({
      name,
      attempt,
      rounds: [] as Round[],
    }));
    await round(api, tokens);
    for (let time = 0; time < ROUNDS; time++) {
      quiet.push(await round(api, tokens));
      for (const { attempt, rounds } of floods) {
        rounds.push(await round(api, tokens, attempt));
      }
    }
    report('no sign-ins', quiet);
    floods.forEach(({ name, rounds }) => report(`300 at once ${name}`, rounds));
  }, 600_000);
});
