import { loadAll } from 'js-yaml';

type Labels = Record<string, string>;

/** An object of Kubernetes, as rendered. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels };
  [field: string]: unknown;
}

export interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds: number;
  timeoutSeconds: number;
  failureThreshold: number;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string } } }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}

export interface PodSpec {
  containers: [Container, ...Container[]];
  securityContext: Record<string, unknown>;
  terminationGracePeriodSeconds?: number;
  enableServiceLinks?: boolean;
  automountServiceAccountToken?: boolean;
  volumes?: { name: string; [source: string]: unknown }[];
  topologySpreadConstraints?: { labelSelector: { matchLabels: Labels } }[];
}

/** A Deployment, a StatefulSet or a Job: it makes pods. */
export interface Workload extends KubeObject {
  spec: {
    replicas?: number;
    strategy?: { rollingUpdate: { maxSurge: number; maxUnavailable: number } };
    selector?: { matchLabels: Labels };
    template: { metadata: { labels: Labels; annotations?: Record<string, string> }; spec: PodSpec };
  };
}

/** The objects of a stream of YAML documents. */
export function objectsIn(yaml: string): KubeObject[] {
  return loadAll(yaml).filter((one) => one !== null && one !== undefined) as KubeObject[];
}

export function ofKind(objects: readonly KubeObject[], kind: string): KubeObject[] {
  return objects.filter((object) => object.kind === kind);
}

/** @throws Error unless there is exactly one */
export function onlyOf(objects: readonly KubeObject[], kind: string): KubeObject {
  const [found, ...others] = ofKind(objects, kind);
  if (!found || others.length > 0) {
    throw new Error(`expected one ${kind}, found ${ofKind(objects, kind).length}`);
  }
  return found;
}

export function workloadsOf(objects: readonly KubeObject[]): Workload[] {
  return ['Deployment', 'StatefulSet', 'Job'].flatMap((kind) =>
    ofKind(objects, kind),
  ) as Workload[];
}

/** The Deployment of the API. */
export const apiOf = (objects: readonly KubeObject[]): Workload =>
  onlyOf(objects, 'Deployment') as Workload;

export const migrationOf = (objects: readonly KubeObject[]): Workload =>
  onlyOf(objects, 'Job') as Workload;

/** The settings without secrets. */
export function settingsOf(objects: readonly KubeObject[]): Record<string, string> {
  return onlyOf(objects, 'ConfigMap').data as Record<string, string>;
}

/** Whether an object with these labels is selected. */
export function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}
