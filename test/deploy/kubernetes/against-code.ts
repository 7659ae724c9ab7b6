import { PATH_METADATA } from '@nestjs/common/constants';
import { HealthController } from '../../../apps/api/health/health.controller';
import type { Settings } from '../../../libs/config';
import { describeSettings } from '../../../libs/config/describe-settings';
import { all } from '../image/dockerfile';
import {
  apiOf,
  migrationOf,
  ofKind,
  onlyOf,
  selects,
  settingsOf,
  workloadsOf,
  type KubeObject,
  type Workload,
} from './objects';
import { avatarVolume, settingsIn, shipped } from './process';

/** Of `node` in the images `node:*-slim`. */
const NODE_UID = 1000;
/** Beside DATABASE_POOL_MAX: docs/postgres.md. */
const FURTHER_CONNECTIONS = 4;
/** The default of Postgres. */
const MAX_CONNECTIONS = 100;

const declared = new Map(describeSettings().map((one) => [one.name, one]));

/** Holds rendered objects against settings, health routes and the Dockerfile. */
export function expectToFitTheCode(objects: readonly KubeObject[]): void {
  const api = apiOf(objects);
  expectDeclaredSettings(objects);
  expectProbesAndTimes(api, settingsIn(objects));
  expectServices(objects, api);
  expectNoPrivileges(objects);
  expectVolumes(api, settingsIn(objects), settingsOf(objects));
  expectSelectors(objects, api);
  expectMigration(objects);
  expectScale(objects);
}

function expectDeclaredSettings(objects: readonly KubeObject[]): void {
  const names = Object.keys(settingsOf(objects));
  expect(names.filter((name) => !declared.has(name))).toEqual([]);
  expect(names.filter((name) => declared.get(name)?.secret)).toEqual([]);
  const [container] = apiOf(objects).spec.template.spec.containers;
  const configMap = onlyOf(objects, 'ConfigMap').metadata.name;
  expect(container.envFrom).toEqual([
    { configMapRef: { name: configMap } },
    { secretRef: { name: expect.any(String) as string } },
  ]);
  expect(container.env).toBeUndefined();
}

function expectProbesAndTimes({ spec }: Workload, settings: Settings): void {
  const { containers, terminationGracePeriodSeconds } = spec.template.spec;
  const [{ startupProbe, livenessProbe, readinessProbe, ports }] = containers;
  const route = (method: 'live' | 'ready') =>
    ['', HealthController, HealthController.prototype[method]]
      .map((part) =>
        part === '' ? '' : String(Reflect.getMetadata(PATH_METADATA, part as object)),
      )
      .join('/');
  const [live, ready] = [route('live'), route('ready')];
  expect([startupProbe!.httpGet.path, livenessProbe!.httpGet.path]).toEqual([live, live]);
  expect(readinessProbe!.httpGet.path).toBe(ready);
  expect(ports).toEqual([
    { name: 'http', containerPort: settings.port },
    { name: 'metrics', containerPort: settings.metricsPort },
  ]);
  for (const probe of [startupProbe!, livenessProbe!, readinessProbe!]) {
    expect(probe.httpGet.port).toBe('http');
  }
  const { startTimeoutSeconds, shutdownDelaySeconds, shutdownTimeoutSeconds } = settings;
  expect(startupProbe!.periodSeconds * startupProbe!.failureThreshold).toBeGreaterThan(
    startTimeoutSeconds,
  );
  expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
    shutdownDelaySeconds + shutdownTimeoutSeconds + 5,
  );
}

function expectServices(objects: readonly KubeObject[], api: Workload): void {
  const [{ ports = [] }] = api.spec.template.spec.containers;
  const services = ofKind(objects, 'Service').filter(({ spec }) =>
    selects((spec as { selector: Record<string, string> }).selector, labelsOf(api)),
  );
  expect(services).toHaveLength(2);
  for (const service of services) {
    for (const port of (service.spec as { ports: { port: number; targetPort: string }[] }).ports) {
      const target = ports.find(({ name }) => name === port.targetPort);
      expect(target?.containerPort).toBe(port.port);
    }
  }
  const headless = services.find(
    ({ spec }) => (spec as { clusterIP?: string }).clusterIP === 'None',
  );
  expect(settingsIn(objects).canaryPeers).toEqual([
    `http://${headless?.metadata.name}:${settingsIn(objects).port}`,
  ]);
}

function expectNoPrivileges(objects: readonly KubeObject[]): void {
  for (const workload of workloadsOf(objects)) {
    const { spec } = workload.spec.template;
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const { securityContext, resources } of spec.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      // A quota of processor time would stop the event loop while passwords are hashed.
      expect(Object.keys(resources.limits)).toEqual(['memory']);
      expect(Object.keys(resources.requests).sort()).toEqual(['cpu', 'memory']);
    }
  }
  expect(all(shipped, 'USER').map(({ name }) => name)).toEqual(['node']);
  for (const { spec } of [apiOf(objects), migrationOf(objects)]) {
    const ids = { runAsUser: NODE_UID, runAsGroup: NODE_UID, fsGroup: NODE_UID };
    expect(spec.template.spec.securityContext).toMatchObject(ids);
  }
}

/** The image writes to the volume of the avatars alone: test/deploy/image.spec.ts. */
function expectVolumes(
  { spec }: Workload,
  settings: Settings,
  given: Record<string, string>,
): void {
  const { containers, volumes = [] } = spec.template.spec;
  const [{ volumeMounts = [] }] = containers;
  expect(volumeMounts.map(({ name }) => name).sort()).toEqual(
    volumes.map(({ name }) => name).sort(),
  );
  const writable = volumeMounts.filter(({ readOnly }) => !readOnly);
  const isBucket = settings.avatarS3Bucket !== undefined;
  expect(writable.map(({ mountPath }) => mountPath)).toEqual(isBucket ? [] : [avatarVolume!.path]);
  expect(settings.avatarDir).toBe(avatarVolume!.path);
  const keys = volumeMounts.find(({ name }) => name === 'keys');
  expect(settings.jwtKeysDir).toBe(keys?.mountPath);
  const certificates = volumeMounts.find(({ name }) => name === 'certificates');
  for (const [, file] of Object.entries(given).filter(([name]) => name.endsWith('_FILE'))) {
    expect(file.startsWith(`${certificates?.mountPath}/`)).toBe(true);
  }
}

function expectSelectors(objects: readonly KubeObject[], api: Workload): void {
  const labels = labelsOf(api);
  const job = migrationOf(objects).spec.template.metadata.labels;
  expect(selects(api.spec.selector!.matchLabels, labels)).toBe(true);
  const { topologySpreadConstraints = [] } = api.spec.template.spec;
  expect(topologySpreadConstraints).toHaveLength(2);
  for (const { labelSelector } of topologySpreadConstraints) {
    expect(labelSelector).toEqual(api.spec.selector);
  }
  for (const { spec } of ofKind(objects, 'PodDisruptionBudget')) {
    expect((spec as { selector: object }).selector).toEqual(api.spec.selector);
  }
  for (const { spec } of ofKind(objects, 'NetworkPolicy')) {
    const { matchLabels } = (spec as { podSelector: { matchLabels: Record<string, string> } })
      .podSelector;
    expect([selects(matchLabels, labels), selects(matchLabels, job)]).toEqual([true, true]);
  }
  for (const { spec } of ofKind(objects, 'NetworkPolicy')) {
    const { ingress } = spec as { ingress: { ports: { port: number }[] }[] };
    const { port, metricsPort } = settingsIn(objects);
    const open = ingress.map(({ ports }) => ports.map((one) => one.port));
    expect(open).toEqual([[port], [metricsPort]]);
  }
  for (const { spec, metadata } of ofKind(objects, 'Ingress')) {
    // A picture of 5 MiB in its form.
    expect(metadata.annotations).toMatchObject({
      'nginx.ingress.kubernetes.io/proxy-body-size': '6m',
    });
    const { rules } = spec as { rules: { http: { paths: { path: string }[] } }[] };
    const paths = rules.flatMap(({ http }) => http.paths.map(({ path }) => path));
    // Not /health/, /metrics and /docs.
    expect(paths).toEqual(['/api/', '/avatars/', '/.well-known/']);
  }
  for (const { spec } of ofKind(objects, 'ServiceMonitor')) {
    const { selector, endpoints } = spec as {
      selector: { matchLabels: Record<string, string> };
      endpoints: { port: string }[];
    };
    const scraped = ofKind(objects, 'Service').filter(
      (service) =>
        selects(selector.matchLabels, service.metadata.labels ?? {}) &&
        (service.spec as { ports: { name: string }[] }).ports.some(
          ({ name }) => name === endpoints[0]?.port,
        ),
    );
    expect(scraped).toHaveLength(1);
  }
}

/** The Job needs the address of Postgres alone, and is no endpoint of a Service. */
function expectMigration(objects: readonly KubeObject[]): void {
  const { spec } = migrationOf(objects);
  const [container] = spec.template.spec.containers;
  expect(container.command).toEqual(['latchkey', 'migrate']);
  expect(container.env?.map(({ name }) => name)).toEqual(['DATABASE_URL']);
  expect(container.envFrom).toBeUndefined();
  expect(container.image).toBe(apiOf(objects).spec.template.spec.containers[0].image);
  const selected = ofKind(objects, 'Service').filter((service) =>
    selects(
      (service.spec as { selector: Record<string, string> }).selector,
      spec.template.metadata.labels,
    ),
  );
  expect(selected).toEqual([]);
}

/** No request is without an instance during an update. */
function expectScale(objects: readonly KubeObject[]): void {
  const { spec, metadata } = apiOf(objects);
  expect(spec.strategy?.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  const [scaler] = ofKind(objects, 'HorizontalPodAutoscaler');
  expect(spec.replicas === undefined).toBe(scaler !== undefined);
  if (scaler) {
    const target = { kind: 'Deployment', name: metadata.name };
    expect((scaler.spec as { scaleTargetRef: object }).scaleTargetRef).toMatchObject(target);
  }
}

/** The connections to Postgres of all pods during an update fit into its default. */
export function expectEnoughConnections(objects: readonly KubeObject[]): void {
  const { maxReplicas } = onlyOf(objects, 'HorizontalPodAutoscaler').spec as {
    maxReplicas: number;
  };
  const connections = settingsIn(objects).databasePoolMax + FURTHER_CONNECTIONS;
  expect((maxReplicas + 1) * connections).toBeLessThanOrEqual(MAX_CONNECTIONS);
}

const labelsOf = ({ spec }: Workload) => spec.template.metadata.labels;
