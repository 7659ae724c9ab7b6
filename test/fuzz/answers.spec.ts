import fc from 'fast-check';
import type { TestApp } from '../support/app';
import { startAttackedApp } from '../support/attacked-app';
import { lasting } from '../support/long-tests';
import { OpenApi, type Route } from '../support/open-api';
import { AnswerChecker } from './answer-checker';
import { FuzzClient } from './fuzz-client';
import { plainRequest, requestsTo, type FuzzRequest } from './fuzz-request';
import { FuzzUsers } from './fuzz-users';

const REQUESTS_AN_OPERATION = lasting(12, 1_000);
/** The same seed sends the same requests. */
const SEED = Number(process.env.LATCHKEY_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Each with users of its own; so many keep the application busy. */
const CLIENTS = 4;

jest.setTimeout(30 * 60_000);

/** Undocumented answers, one of each kind, with the request. */
class Findings {
  private readonly examples = new Map<string, string>();

  add(route: Route, request: FuzzRequest, complaints: readonly string[]): void {
    for (const complaint of complaints) {
      const finding = `${route.name} ${complaint}`;
      if (!this.examples.has(finding)) {
        this.examples.set(finding, JSON.stringify(request).slice(0, 300));
      }
    }
  }

  report(): string[] {
    return [...this.examples].map(([finding, example]) => `${finding}, for ${example}`);
  }
}

describe(`requests generated from the OpenAPI document (LATCHKEY_FUZZ_SEED=${SEED})`, () => {
  let app: TestApp;
  let api: OpenApi;
  let checker: AnswerChecker;
  let clients: FuzzClient[];

  beforeAll(async () => {
    app = await startAttackedApp();
    api = await OpenApi.read(app.http);
    checker = new AnswerChecker(api);
    clients = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        return new FuzzClient(app, api, await FuzzUsers.create(app));
      }),
    );
  });

  afterAll(() => app.close());

  it('succeed when they are as documented', async () => {
    const upload = api.route('POST /api/auth/profile/avatar');
    for (const route of api.routes) {
      if (route.path.startsWith('/avatars/')) {
        await clients[0]!.sendAfresh(upload, plainRequest(api, upload));
      }
      const answer = await clients[0]!.sendAfresh(route, plainRequest(api, route));
      expect([route.name, answer.status]).toEqual([route.name, expectedSuccess(route)]);
      expect(checker.complaints(route, answer)).toEqual([]);
    }
  });

  it('are answered as documented', async () => {
    const findings = new Findings();
    const statuses = new Map<number, number>();
    const queue = mixed(
      api.routes.flatMap((route, index) =>
        fc
          .sample(requestsTo(api, route), { seed: SEED + index, numRuns: REQUESTS_AN_OPERATION })
          .map((request) => ({ route, request })),
      ),
      REQUESTS_AN_OPERATION,
    )[Symbol.iterator]();
    await Promise.all(
      clients.map(async (client) => {
        for (const { route, request } of queue) {
          const answer = await client.send(route, request);
          findings.add(route, request, checker.complaints(route, answer));
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        }
      }),
    );
    const counts = [...statuses].sort(([one], [other]) => one - other);
    const sent = clients.reduce((sum, client) => sum + client.sent, 0);
    process.stdout.write(
      `fuzzed ${api.routes.length} operations with ${sent} requests, LATCHKEY_FUZZ_SEED=${SEED}: ` +
        `${counts.map(([status, count]) => `${count} times ${status}`).join(', ')}\n`,
    );
    expect(findings.report()).toEqual([]);
    expect(app.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  });
});

/** The first request of each operation, then the second of each, so that operations affect each other. */
function mixed<Item>(items: readonly Item[], each: number): Item[] {
  return Array.from({ length: each }, (_, turn) =>
    items.filter((_item, at) => at % each === turn),
  ).flat();
}

function expectedSuccess({ operation }: Route): number {
  return Number(Object.keys(operation.responses).find((status) => status.startsWith('2')));
}
