import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { ROOT } from '../../tools/local/paths.mjs';
import { obstacleToKubePrograms } from '../support/kube-programs';
import { readComposeFile } from './compose';
import { expectEnoughConnections, expectToFitTheCode } from './kubernetes/against-code';
import {
  apiOf,
  migrationOf,
  objectsIn,
  ofKind,
  onlyOf,
  settingsOf,
  workloadsOf,
  type KubeObject,
} from './kubernetes/objects';
import { settingsIn } from './kubernetes/process';
import { development, kustomized, production, SOURCES } from './kubernetes/render';
import { problemsOf } from './kubernetes/schemas';

const obstacle = obstacleToKubePrograms();

if (obstacle === undefined) {
  describe('deploy/kubernetes', testKustomizations);
} else {
  describe('deploy/kubernetes', () => {
    it(`cannot be rendered here, which is an error in CI: ${obstacle}`, () => {
      expect(process.env.CI ?? '').toBe('');
    });
  });
}

const uncommented = (component: string) => (text: string) =>
  text.replace(`  # - ../../components/${component}`, `  - ../../components/${component}`);

function testKustomizations() {
  it('production has valid objects that fit the code, and no secret', async () => {
    const objects = await production();
    expect(objects.flatMap(problemsOf)).toEqual([]);
    expectToFitTheCode(objects);
    expectEnoughConnections(objects);
    expect(ofKind(objects, 'Secret')).toEqual([]);
    expect(objects.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'HorizontalPodAutoscaler',
      'Ingress',
      'Job',
      'Namespace',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'Service',
      'ServiceAccount',
      'ServiceMonitor',
    ]);
  });

  it('gives the Job of a migration the tag of the image in its name', async () => {
    const objects = await production((text) => text.replace(/newTag: .*/, 'newTag: 1.2.3'));
    const job = migrationOf(objects);
    expect(job.metadata.name).toBe('latchkey-migrate-1.2.3');
    expect(job.spec.template.spec.containers[0].image).toBe('registry.example.com/latchkey:1.2.3');
  });

  it('names the Job by hand for an image with a digest, which is no valid name', async () => {
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    const withDigest = (text: string) => text.replace(/newTag: .*/, `digest: ${digest}`);
    const named = await production((text) =>
      withDigest(text)
        .replace(/^ {2}# (- target| {2}options| {2}patch)/gm, '  $1')
        .replace(/^replacements:[^]*/m, ''),
    );
    expect(named.flatMap(problemsOf)).toEqual([]);
    expectToFitTheCode(named);
    const job = migrationOf(named);
    expect(job.metadata.name).toBe('latchkey-migrate-2026-12-31');
    expect(job.spec.template.spec.containers[0].image).toBe(
      `registry.example.com/latchkey@${digest}`,
    );
    expect((await production(withDigest)).flatMap(problemsOf)).toHaveLength(1);
  });

  it('pulls both images with the secret of a registry', async () => {
    const objects = await production(uncommented('registry-secret'));
    for (const { spec } of [apiOf(objects), migrationOf(objects)]) {
      expect(spec.template.spec).toMatchObject({
        imagePullSecrets: [{ name: 'latchkey-registry' }],
      });
    }
  });

  it('replaces the pods when a setting changes', async () => {
    const names = await Promise.all(
      ['info', 'debug'].map(async (level) => {
        const literals = `literals: [LOG_LEVEL=${level}]`;
        const objects = await production((text) =>
          text.replace('    envs: [settings.env]', `    envs: [settings.env]\n    ${literals}`),
        );
        expect(settingsIn(objects).logLevel).toBe(level);
        return apiOf(objects).spec.template.spec.containers[0].envFrom?.[0]?.configMapRef?.name;
      }),
    );
    expect(new Set(names).size).toBe(2);
  });

  it.each(readdirSync(join(SOURCES, 'components')))(
    'the component %s can be added to production',
    async (component) => {
      const objects = await production((text) => {
        expect(text).toMatch(new RegExp(`^  (# )?- ../../components/${component}$`, 'm'));
        return uncommented(component)(text);
      });
      expect(objects.flatMap(problemsOf)).toEqual([]);
      // A bucket and a volume at once: the operator removes one of them.
      if (component !== 'shared-avatars') {
        expectToFitTheCode(objects);
      }
    },
  );

  it('keeps avatars on the shared volume when the bucket is removed', async () => {
    const objects = await production((text) =>
      uncommented('shared-avatars')(text).replace(
        '    envs: [settings.env]',
        '    literals: [PUBLIC_URL=https://auth.example.com]',
      ),
    );
    expectToFitTheCode(objects);
    expect(onlyOf(objects, 'PersistentVolumeClaim').spec).toMatchObject({
      accessModes: ['ReadWriteMany'],
    });
  });

  it('development comes up by one command, with secrets that are made once', async () => {
    const { calls, objects } = await development();
    const [migrate, restart, wait] = [
      '# kubectl --namespace latchkey delete job latchkey-migrate --ignore-not-found',
      '# kubectl --namespace latchkey rollout restart deployment/latchkey',
      '# kubectl --namespace latchkey rollout status deployment/latchkey --timeout 5m',
    ];
    expect(calls).toEqual([
      [migrate, wait],
      [migrate, restart, wait],
    ]);
    const [first = [], second] = objects;
    expect(second).toEqual(first);
    expect(first.flatMap(problemsOf)).toEqual([]);
    expectToFitTheCode(first);
    expect(apiOf(first).spec.replicas).toBe(1);
    const secrets = ofKind(first, 'Secret').map(({ data }) => decoded(data as object));
    const [owner, stores] = [
      secrets.find((one) => Object.keys(one).join() === 'DATABASE_URL')!,
      secrets.find((one) => 'POSTGRES_PASSWORD' in one)!,
    ];
    const api = secrets.find((one) => 'JWT_SECRET' in one)!;
    expect(api.DATABASE_URL).toBe(owner.DATABASE_URL);
    expect(new URL(api.DATABASE_URL!).password).toBe(stores.POSTGRES_PASSWORD);
    expect(new URL(api.REDIS_URL!).password).toBe(stores.REDIS_PASSWORD);
    expect(new Set(secrets.flatMap((one) => Object.values(one))).size).toBe(5);
    expectReferencedSecrets(first);
  });

  it('development runs the stores as docker-compose.yml does', async () => {
    const objects = (await development()).objects[0]!;
    const { postgres, redis } = readComposeFile().services;
    for (const [name, service] of Object.entries({ postgres, redis })) {
      const [container] = workloadsOf(objects).find(({ metadata }) => metadata.name === name)!.spec
        .template.spec.containers;
      expect(container.image).toBe(service!.image);
    }
    const command = (words: string[] = []) => words.join('\n').replaceAll('$$', '$').trim();
    const [{ command: shown }] = workloadsOf(objects).find(
      ({ metadata }) => metadata.name === 'redis',
    )!.spec.template.spec.containers;
    expect(command(shown)).toBe(command(redis!.command));
  });

  it('the base alone is valid', async () => {
    const objects = await kustomized(join(SOURCES, 'base'));
    expect(objects.flatMap(problemsOf)).toEqual([]);
  });

  it('a misspelt field, a wrong type and an unknown kind do not pass', () => {
    const [job] = objectsIn(readFileSync(join(SOURCES, 'base', 'migrate.yaml'), 'utf8'));
    const changed = (from: string, to: string) =>
      problemsOf(JSON.parse(JSON.stringify(job).replace(from, to)) as KubeObject);
    expect(changed('"backoffLimit"', '"backOffLimit"')).toEqual([
      'batch/v1 Job latchkey-migrate: unknown field /spec/backOffLimit',
    ]);
    expect(changed('"readOnlyRootFilesystem"', '"readOnlyRoot"')).toHaveLength(1);
    expect(changed('"backoffLimit":7', '"backoffLimit":"7"')).toHaveLength(1);
    expect(changed('"latchkey-migrate"', '"latchkey_migrate"')).toHaveLength(1);
    expect(changed(':"migrate"', ':"migrate/1"')).toHaveLength(1);
    expect(changed('"batch/v1"', '"batch/v1beta1"')).toEqual(['no schema for batch/v1beta1 Job']);
  });

  it('the pages show what the manifests say', async () => {
    const { spec } = apiOf(await production()).spec.template;
    const [{ securityContext, ...container }] = spec.containers;
    const [, probes = ''] = /```yaml\n(startupProbe[^]*?)```/.exec(page('health')) ?? [];
    const shown = load(probes) as Record<string, object>;
    const port = container.ports?.find(({ name }) => name === 'http')?.containerPort;
    const { startupProbe, livenessProbe, readinessProbe } = JSON.parse(
      JSON.stringify(container).replaceAll('"port":"http"', `"port":${port}`),
    ) as Record<string, object>;
    const { terminationGracePeriodSeconds } = spec;
    const inManifest = { startupProbe, livenessProbe, readinessProbe };
    expect(shown).toEqual({ ...inManifest, terminationGracePeriodSeconds });
    const [, pod = ''] = /```yaml\n(securityContext[^]*?)```/.exec(page('supply-chain')) ?? [];
    expect(load(pod)).toMatchObject({
      securityContext: spec.securityContext,
      automountServiceAccountToken: false,
      containers: [{ securityContext }],
    });
  });

  it('the settings of the overlay are those that the comments promise', async () => {
    const objects = await production();
    expect(settingsOf(objects)).toMatchObject({ TRUST_PROXY: '1' });
    expect(settingsIn(objects).avatarS3Bucket).toBe('latchkey-avatars');
  });
}

const page = (name: string) => readFileSync(join(ROOT, 'docs', `${name}.md`), 'utf8');

function decoded(data: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      Buffer.from(String(value), 'base64').toString(),
    ]),
  );
}

/** Each Secret that a pod refers to is made by the overlay. */
function expectReferencedSecrets(objects: readonly KubeObject[]): void {
  const made = ofKind(objects, 'Secret').map(({ metadata }) => metadata.name);
  const containers = workloadsOf(objects).flatMap(({ spec }) => spec.template.spec.containers);
  const referenced = containers.flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ...envFrom.map(({ secretRef }) => secretRef?.name),
  ]);
  expect(new Set(referenced.filter((name) => name !== undefined))).toEqual(new Set(made));
}
