import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import {
  ConfigMap,
  Namespace,
  PersistentVolumeClaim,
  Secret,
  Service,
  ServiceAccount,
} from 'kubernetes-models/v1';
import type { KubeObject } from './objects';

interface Model {
  prototype: { validate(): void };
}

const MODELS: Record<string, Model> = {
  'apps/v1 Deployment': Deployment,
  'apps/v1 StatefulSet': StatefulSet,
  'autoscaling/v2 HorizontalPodAutoscaler': HorizontalPodAutoscaler,
  'batch/v1 Job': Job,
  'monitoring.coreos.com/v1 ServiceMonitor': ServiceMonitor,
  'networking.k8s.io/v1 Ingress': Ingress,
  'networking.k8s.io/v1 NetworkPolicy': NetworkPolicy,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
  'v1 ConfigMap': ConfigMap,
  'v1 Namespace': Namespace,
  'v1 PersistentVolumeClaim': PersistentVolumeClaim,
  'v1 Secret': Secret,
  'v1 Service': Service,
  'v1 ServiceAccount': ServiceAccount,
};

/** Names that the API server takes: of most objects, and of those that become host names or labels. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const HOST_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** What the schema of Kubernetes, or of the Prometheus operator, and the rules for names say against an object. */
export function problemsOf(object: KubeObject): string[] {
  const type = `${object.apiVersion} ${object.kind}`;
  const model = MODELS[type];
  if (!model) {
    return [`no schema for ${type}`];
  }
  const unread = new Set<string>();
  try {
    model.prototype.validate.call(watched(object, '', unread));
  } catch (error) {
    return [`${type} ${object.metadata.name}: ${(error as Error).message}`];
  }
  // The schemas allow fields that they do not know. They do not read them either.
  const unknown = [...unread].map((path) => `unknown field ${path}`);
  return [...unknown, ...wrongNamesIn(object)].map(
    (problem) => `${type} ${object.metadata.name}: ${problem}`,
  );
}

function wrongNamesIn({ kind, metadata }: KubeObject): string[] {
  const { name, labels = {} } = metadata;
  const isName = { Service: HOST_LABEL, Job: LABEL_VALUE }[kind] ?? SUBDOMAIN;
  const wrong = Object.entries(labels).filter(([, value]) => !LABEL_VALUE.test(value));
  return [
    ...(SUBDOMAIN.test(name) && isName.test(name) ? [] : ['not a name of this kind']),
    ...wrong.map(([label]) => `the label ${label} has no valid value`),
  ];
}

/** A copy that notes which fields have not been read. */
function watched(value: unknown, path: string, unread: Set<string>): unknown {
  if (Array.isArray(value)) {
    return value.map((one, index) => watched(one, `${path}/${index}`, unread));
  }
  if (typeof value !== 'object' || value === null) {
    // Kustomize breaks long base64 into lines, which Kubernetes reads and the schema does not.
    return typeof value === 'string' && path.startsWith('/data/')
      ? value.replaceAll('\n', '')
      : value;
  }
  const fields = Object.entries(value).map(([name, field]) => {
    const place = `${path}/${name}`;
    unread.add(place);
    return [name, watched(field, place, unread)] as const;
  });
  return new Proxy(Object.fromEntries(fields), {
    get(target, name, receiver): unknown {
      unread.delete(`${path}/${String(name)}`);
      return Reflect.get(target, name, receiver);
    },
  });
}
