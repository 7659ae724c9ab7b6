import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describeSettings } from '../../libs/config/describe-settings';
import { obstacleToKubePrograms } from '../support/kube-programs';
import { ROOT } from '../../tools/local/paths.mjs';
import { expectEnoughConnections, expectToFitTheCode } from './kubernetes/against-code';
import {
  apiOf,
  migrationOf,
  ofKind,
  onlyOf,
  settingsOf,
  type KubeObject,
} from './kubernetes/objects';
import { settingsIn } from './kubernetes/process';
import { chart, CHART, production } from './kubernetes/render';
import { problemsOf } from './kubernetes/schemas';

/** Set by the image, or by other values of the chart. */
const NO_VALUES = [
  'NODE_ENV',
  'PORT',
  'METRICS_PORT',
  'SHUTDOWN_DELAY',
  'SHUTDOWN_TIMEOUT',
  'AVATAR_DIR',
];
const EXAMPLES = readdirSync(join(CHART, 'examples'));
const example = (name: string) => join(CHART, 'examples', `${name}.yaml`);
const obstacle = obstacleToKubePrograms();

if (obstacle === undefined) {
  describe('the Helm chart', testChart);
} else {
  describe('the Helm chart', () => {
    it(`cannot be rendered here, which is an error in CI: ${obstacle}`, () => {
      expect(process.env.CI ?? '').toBe('');
    });
  });
}

function testChart() {
  it.each(EXAMPLES)('%s renders valid objects that fit the code, and no secret', async (file) => {
    const objects = await chart([join(CHART, 'examples', file)]);
    expect(objects.flatMap(problemsOf)).toEqual([]);
    expectToFitTheCode(objects);
    expect(ofKind(objects, 'Secret')).toEqual([]);
  });

  it('renders the objects of the production overlay', async () => {
    const fromChart = comparable(await chart([example('production')]));
    const fromOverlay = comparable(await production());
    expect(Object.keys(fromChart)).toEqual(Object.keys(fromOverlay));
    for (const [name, object] of Object.entries(fromOverlay)) {
      expect({ name, object: fromChart[name] }).toEqual({ name, object });
    }
    expectEnoughConnections(await chart([example('production')]));
  });

  it('names all objects after another release', async () => {
    const objects = await chart([example('production')], { release: 'auth' });
    expect(new Set(objects.map(({ metadata }) => metadata.name))).toEqual(
      new Set([
        'auth-latchkey',
        ...['headless', 'settings', 'migrate'].map((of) => `auth-latchkey-${of}`),
      ]),
    );
    expectToFitTheCode(objects);
  });

  it('has valid names with the longest name of a release', async () => {
    const release = 'a-very-long-name-of-a-release-that-helm-still-accepts';
    const objects = await chart([example('production')], { release });
    expect(release).toHaveLength(53);
    expect(objects.flatMap(problemsOf)).toEqual([]);
    expectToFitTheCode(objects);
  });

  it('migrates before the pods of a release are made, and stops the upgrade if that fails', async () => {
    expect(migrationOf(await chart([example('minimal')])).metadata.annotations).toEqual({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-delete-policy': 'before-hook-creation',
    });
  });

  it('gives Redis, keys and times to the process', async () => {
    const settings = async (name: string) => settingsIn(await chart([example(name)]));
    expect((await settings('redis-cluster')).redis.clusterNodes).toEqual(
      ['redis-0', 'redis-1', 'redis-2'].map((node) => `${node}.redis.stores:6379`),
    );
    expect((await settings('sentinel')).redisSentinelName).toBe('mymaster');
    expect((await settings('keys-directory')).jwtKeys).toMatchObject({
      directory: '/etc/latchkey/keys',
    });
    const everything = await chart([example('everything')]);
    expect(settingsOf(everything)).toMatchObject({ SHUTDOWN_DELAY: '15s', TRUST_PROXY: '2' });
    const { spec, metadata } = apiOf(everything).spec.template;
    expect(metadata.annotations).toMatchObject({ 'sidecar.istio.io/inject': 'false' });
    expect(spec).toMatchObject({
      terminationGracePeriodSeconds: 40,
      imagePullSecrets: [{ name: 'registry' }],
      nodeSelector: { 'kubernetes.io/arch': 'amd64' },
      priorityClassName: 'system-cluster-critical',
    });
    expect(spec.containers[0].image).toMatch(/latchkey@sha256:/);
    expect(migrationOf(everything).spec.template.spec).toMatchObject({
      imagePullSecrets: [{ name: 'registry' }],
    });
  });

  it('replaces the pods when a setting changes', async () => {
    const checksums = await Promise.all(
      ['minimal', 'sentinel'].map(async (name) => {
        const { metadata } = apiOf(await chart([example(name)])).spec
          .template as unknown as KubeObject;
        return metadata.annotations?.['checksum/settings'];
      }),
    );
    expect(new Set(checksums).size).toBe(2);
  });

  it('takes each setting that is declared and no secret, and no other name', () => {
    const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as {
      properties: { settings: { properties: object } };
    };
    const names = describeSettings()
      .filter(({ name, secret }) => !secret && !NO_VALUES.includes(name))
      .map(({ name }) => name);
    expect(Object.keys(schema.properties.settings.properties)).toEqual(names);
  });

  it('has the version of the product, and describes each value', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    const about = load(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'));
    expect(about).toMatchObject({ version, appVersion: version });
    const values = load(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as object;
    const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as {
      properties: object;
    };
    expect(Object.keys(schema.properties).sort()).toEqual(
      [...Object.keys(values), 'global'].sort(),
    );
  });
}

/** Without what the two ways do differently on purpose, by kind and name. */
function comparable(objects: readonly KubeObject[]): Record<string, KubeObject> {
  const settings = onlyOf(objects, 'ConfigMap').metadata.name;
  const entries = objects
    // The namespace is an argument of helm.
    .filter(({ kind }) => kind !== 'Namespace')
    .map((object) => {
      const text = JSON.stringify(object, (name, value: unknown) =>
        // Each way has its own to replace the pods after a changed setting, and to run a Job again.
        name === 'annotations' || name === 'namespace' || name === 'imagePullPolicy'
          ? undefined
          : value,
      ).replaceAll(`"${settings}"`, '"the settings"');
      const same = JSON.parse(text) as KubeObject;
      if (same.kind === 'Job') {
        same.metadata.name = 'the migration';
      }
      for (const label of [
        'app.kubernetes.io/version',
        'app.kubernetes.io/managed-by',
        'helm.sh/chart',
      ]) {
        delete same.metadata.labels?.[label];
      }
      if (same.kind === 'ConfigMap') {
        delete same.metadata.labels;
      }
      return [`${same.kind} ${same.metadata.name}`, same] as const;
    });
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
