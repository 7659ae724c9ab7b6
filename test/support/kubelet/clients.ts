import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { newEmail, PASSWORD } from '../app';
import { HttpClient } from '../http-client';
import { NO_ENDPOINTS } from './gateway';

/** Longer than any deadline of the product: a request that reaches it was lost. */
const DEADLINE_MS = 20_000;
const THINK_MS = 15;
/** Of a hundred requests. */
const SIGN_INS = 3;
const WRITES = 10;
const READS = 20;

/** How a request ended. `lost`: no answer, or nginx could not get one from the pod to which it sent the request. */
export type Ending = 'lost' | 'no endpoints' | number;

export interface Answered {
  what: string;
  ending: Ending;
}

interface Account {
  email: string;
  token: string;
}

/** Clients that send requests through a gateway, each on a connection of its own, until they are stopped. */
export class Clients {
  private answers: Answered[] = [];
  private stopped = false;
  private readonly running: Promise<void>[];

  private constructor(
    private readonly origin: string,
    accounts: readonly Account[],
    private readonly onlyReads: boolean,
  ) {
    this.running = accounts.map((account, index) => this.run(account, index));
  }

  /**
   * Registers one user per client. Each then verifies its token and reads its profile; unless it only reads, it also
   * changes its profile and signs in.
   * @param options.onlyReads sends no request that needs Postgres
   */
  static async start(origin: string, count: number, { onlyReads = false } = {}): Promise<Clients> {
    const http = new HttpClient(origin);
    const accounts: Account[] = [];
    for (let index = 0; index < count; index += 1) {
      const json = { email: newEmail(), password: PASSWORD };
      const { body } = await http.post<{ accessToken: string }>('/api/auth/register', { json });
      accounts.push({ email: json.email, token: body.accessToken });
    }
    return new Clients(origin, accounts, onlyReads);
  }

  /** The answers since the last call. */
  take(): Answered[] {
    const { answers } = this;
    this.answers = [];
    return answers;
  }

  get count(): number {
    return this.answers.length;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }

  private async run({ email, token }: Account, index: number): Promise<void> {
    for (let number = index; !this.stopped; number += 7) {
      const turn = number % 100;
      if (!this.onlyReads && turn >= 100 - SIGN_INS) {
        await this.ask(token, 'POST', '/api/auth/login', { email, password: PASSWORD });
      } else if (!this.onlyReads && turn < WRITES) {
        await this.ask(token, 'PUT', '/api/auth/profile', { bio: `text ${number}` });
      } else if (turn < WRITES + READS) {
        await this.ask(token, 'GET', '/api/auth/profile');
      } else {
        await this.ask(token, 'GET', '/api/auth/verify');
      }
      await pause(THINK_MS);
    }
  }

  private async ask(token: string, method: string, path: string, json?: object): Promise<void> {
    const ending = await send(this.origin + path, method, token, json);
    this.answers.push({ what: `${method} ${path}`, ending });
  }
}

/** How often each kind of request ended in each way: `GET /api/auth/verify 200`. */
export function tally(answers: readonly Answered[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { what, ending } of answers) {
    const name = `${what} ${ending}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function send(url: string, method: string, token: string, json?: object): Promise<Ending> {
  const body = json && JSON.stringify(json);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const agent = new Agent({ keepAlive: false });
  return new Promise((resolve) => {
    const asked = request(url, { method, headers, agent, signal });
    asked.once('error', () => resolve('lost'));
    asked.once('response', (response) => {
      const { statusCode = 0 } = response;
      response.once('error', () => resolve('lost'));
      response.once('end', () => {
        const isOfGateway = [502, 504].includes(statusCode);
        const noEndpoints = response.headers[NO_ENDPOINTS] !== undefined;
        resolve(noEndpoints ? 'no endpoints' : isOfGateway ? 'lost' : statusCode);
      });
      response.resume();
    });
    asked.end(body);
  });
}
