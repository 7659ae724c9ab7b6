import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { VERSION } from '../../apps/version';
import { Metrics } from '../../libs/metrics';
import { newEmail, startTestApp, type TestApp } from '../support/app';
import { programOfPackage } from '../support/debian-package';
import { Scrape } from '../support/metrics';
import { usesOf } from '../support/promql';
import { until } from '../support/until';

const ROOT = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Labels that Prometheus puts on every series. */
const TARGET_LABELS = ['instance', 'job'];

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  targets?: { expr: string; legendFormat: string }[];
}

interface Dashboard {
  title: string;
  panels: Panel[];
  templating: { list: { name: string; query: string }[] };
}

const rules = (load(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups
  .flatMap((group) => group.rules)
  .map((rule): [string, Rule] => [rule.alert, rule]);
const dashboard = JSON.parse(read('deploy/grafana/latchkey.json')) as Dashboard;
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

/** Every expression of the alerts and of the dashboard, by its place. */
const EXPRESSIONS: [where: string, expression: string][] = [
  ...rules.map(([name, { expr }]): [string, string] => [name, expr]),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [title, expr]),
  ),
  ...dashboard.templating.list
    .filter(({ query }) => query.startsWith('label_values('))
    .map(({ name, query }): [string, string] => [`variable ${name}`, query]),
];

/** `name | type | labels` of the tables of docs/metrics.md. */
const DOCUMENTED = new Map(
  [...read('docs/metrics.md').matchAll(/^\| `(latchkey_\w+)` *\| (\w+) *\|([^|]*)\|/gm)].map(
    ([, name = '', type = '', labels = '']) => [
      name,
      { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort() },
    ],
  ),
);

describe('dashboard, alerts and documentation of the metrics', () => {
  let app: TestApp;
  let scrape: Scrape;
  /** Labels of each metric, of all its series. */
  const labels = new Map<string, string[]>();

  /** Causes a sample of every metric. */
  beforeAll(async () => {
    app = await startTestApp();
    const metrics = app.nest.get(Metrics);
    metrics.collectProcess(VERSION);
    const email = newEmail();
    const { accessToken: token, refreshToken } = await app.register(email);
    await app.http.get('/api/auth/profile', { token });
    await app.http.get('/api/auth/profile', { token });
    await app.http.post('/api/auth/refresh', { json: { refreshToken } });
    await app.http.post('/api/auth/logout', { token });
    await app.login(email);
    const { jobs, audit } = metrics;
    jobs.ran('clean-up', 'succeeded', 1);
    jobs.removed('clean-up', 'sessions', 1);
    audit.happened('login_failed');
    // Garbage collections happen and are counted at an unknown time.
    scrape = await until(
      'garbage collections are counted',
      () => Scrape.of(app.http.origin),
      (current) => current.find('nodejs_gc_duration_seconds_count').length > 0,
    );
    for (const { name, labels: own } of scrape.samples) {
      labels.set(name, [...new Set([...(labels.get(name) ?? []), ...Object.keys(own)])]);
    }
  });

  afterAll(async () => {
    await app.close();
  });

  it.each(EXPRESSIONS)('%s uses metrics and labels that are exported: %s', (_where, expression) => {
    const { metrics, groupedBy } = usesOf(expression);
    expect(metrics.length).toBeGreaterThan(0);
    const known = (name: string) => [
      ...TARGET_LABELS,
      ...(name === 'up' ? [] : (labels.get(name) ?? [])),
    ];
    for (const { name, labels: filteredBy } of metrics) {
      expect(['up', ...labels.keys()]).toContain(name);
      for (const label of filteredBy) {
        expect([name, known(name)]).toEqual([name, expect.arrayContaining([label])]);
      }
    }
    for (const label of groupedBy) {
      expect(metrics.flatMap(({ name }) => known(name))).toContain(label);
    }
  });

  it('every metric of ours is documented with its type and labels, and no other', () => {
    const exported = [...scrape.types].filter(([name]) => name.startsWith('latchkey_'));
    expect([...DOCUMENTED.keys()].sort()).toEqual(exported.map(([name]) => name).sort());
    for (const [name, type] of exported) {
      const series = type === 'histogram' ? `${name}_count` : name;
      expect([name, DOCUMENTED.get(name)]).toEqual([
        name,
        { type, labels: [...(labels.get(series) ?? [])].sort() },
      ]);
    }
  });

  it('Prometheus accepts the names, types and units of the exported metrics', async () => {
    const promtool = await programOfPackage('promtool', 'prometheus');
    const checked = spawnSync(promtool, ['check', 'metrics'], {
      input: scrape.text,
      encoding: 'utf8',
    });
    const { stdout, stderr } = checked;
    const faults = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('latchkey_'));
    expect(faults).toEqual([]);
    expect(`${stdout}${stderr}`).not.toContain('error while linting');
  });

  it('every metric of ours is on the dashboard', () => {
    const shown = panels
      .flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => usesOf(expr).metrics))
      .map(({ name }) => name.replace(/_(bucket|sum|count)$/, ''));
    expect([...DOCUMENTED.keys()].filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('the dashboard has panels with ids and titles of their own, and legends', () => {
    expect(dashboard.title).toBe('Latchkey');
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const targets = panels.flatMap((panel) => panel.targets ?? []);
    expect(targets.filter(({ legendFormat }) => legendFormat === '')).toEqual([]);
    expect(panels.filter((panel) => !panel.targets?.length)).toEqual([]);
  });

  it.each(rules)('%s has a severity, a summary, and a first action', (name, rule) => {
    expect(name).toMatch(/^Latchkey[A-Z]\w+$/);
    expect(['critical', 'warning']).toContain(rule.labels.severity);
    expect(Object.keys(rule.annotations).sort()).toEqual(['action', 'summary']);
    expect(rule.annotations.action!.length).toBeGreaterThan(30);
    expect(rule.for ?? '1m').toMatch(/^\d+m$/);
    const { metrics, groupedBy } = usesOf(rule.expr);
    const known = metrics.flatMap((metric) => labels.get(metric.name) ?? []);
    for (const [, label = ''] of rule.annotations.summary!.matchAll(/\$labels\.(\w+)/g)) {
      expect([...TARGET_LABELS, ...groupedBy, ...known]).toContain(label);
    }
  });

  it('the rules have names of their own', () => {
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(([name]) => name)).size).toBe(rules.length);
  });
});
