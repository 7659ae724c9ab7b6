import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { useApiSuite } from '../support/api-suite';
import { TestPrometheus } from '../support/prometheus';
import { until } from '../support/until';

const SCRAPE_JOB = 'session-authority';
const DASHBOARD = join(__dirname, '../../deploy/grafana/latchkey.json');

interface Dashboard {
  templating: { list: { name: string; query: string }[] };
  panels: { title: string; targets?: { expr: string }[] }[];
}

const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as Dashboard;
const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

/** Another program that uses the same library for its metrics, in the same Prometheus. */
async function startForeignProgram(): Promise<Server> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const server = createServer((_request, response) => {
    void registry.metrics().then((text) => {
      response.setHeader('content-type', registry.contentType).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('the dashboard, on a Prometheus of two instances and a foreign program', () => {
  const suite = useApiSuite();
  let foreign: Server;

  beforeAll(async () => {
    foreign = await startForeignProgram();
  });

  afterAll(() => foreign.close());

  it('shows figures of Latchkey alone, and zero where nothing has happened', async () => {
    const apis = await Promise.all([suite.spawn(), suite.spawn()]);
    await Promise.all(apis.map((api) => api.untilServing()));
    const own = apis.map(({ port }) => `127.0.0.1:${port}`);
    const others = [`127.0.0.1:${(foreign.address() as AddressInfo).port}`];
    const prometheus = await TestPrometheus.start({ [SCRAPE_JOB]: own, another: others });
    try {
      await until(
        'Prometheus has scraped every target three times',
        () => prometheus.query('count_over_time(up[1m]) >= 3'),
        (scraped) => scraped.length === 3,
      );

      const variables = await valuesOfVariables(prometheus);
      expect(variables).toEqual({ job: [SCRAPE_JOB], instance: [...own].sort() });
      const seen: Record<string, string[]> = {};
      for (const [title, expression] of expressions) {
        const series = await prometheus.query(withVariables(expression, variables));
        expect([title, expression, series.length]).not.toEqual([title, expression, 0]);
        expect([title, series.filter(({ value }) => Number.isNaN(value))]).toEqual([title, []]);
        seen[title] = series.flatMap(({ labels: { instance = [] } }) => instance);
      }
      expect([...new Set(Object.values(seen).flat())].sort()).toEqual([...own].sort());
      expect([...seen.Memory!].sort()).toEqual([...own].sort());
    } finally {
      await prometheus.stop();
    }
  });
});

/** As Grafana fills them in, one after the other: each query may use those before it. */
async function valuesOfVariables(prometheus: TestPrometheus): Promise<Record<string, string[]>> {
  const values: Record<string, string[]> = {};
  for (const { name, query } of dashboard.templating.list) {
    const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
    if (selector !== '') {
      values[name] = await prometheus.labelValues(withVariables(selector, values), label);
    }
  }
  return values;
}

/** "All" of a variable without a value of its own for it is the alternatives of a regular expression. */
function withVariables(expression: string, values: Record<string, string[]>): string {
  return Object.entries({ ...values, __rate_interval: ['10s'] }).reduce(
    (text, [name, all]) => text.replaceAll(`$${name}`, all.join('|').replaceAll('.', '\\\\.')),
    expression,
  );
}
