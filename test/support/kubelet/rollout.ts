import type { KubeObject, PodSpec } from '../../deploy/kubernetes/objects';
import { apiOf, settingsOf } from '../../deploy/kubernetes/objects';
import type { Gateway } from './gateway';
import { Pod } from './pod';

/** Settings that are durations of the start and the stop: they are compressed with the times of the pod. */
const TIMES = ['SHUTDOWN_DELAY', 'SHUTDOWN_TIMEOUT', 'START_TIMEOUT'] as const;
const DEFAULT_TIMES = { SHUTDOWN_DELAY: '5s', SHUTDOWN_TIMEOUT: '10s', START_TIMEOUT: '60s' };

/** What stands in for a cluster here. */
export interface Surroundings {
  /** Secrets, and what differs because all pods are on one machine. */
  env: Record<string, string>;
  compression: number;
  gateway: Gateway;
}

/** The pods of a Deployment, of which an update replaces one after another. */
export class Rollout {
  readonly pods: Pod[] = [];
  private readonly ending: Promise<void>[] = [];
  /** All pods so far. */
  readonly all: Pod[] = [];

  private constructor(
    private readonly objects: readonly KubeObject[],
    private readonly surroundings: Surroundings,
  ) {}

  /** @param objects of an overlay or of the chart */
  static async start(
    objects: readonly KubeObject[],
    replicas: number,
    surroundings: Surroundings,
  ): Promise<Rollout> {
    const rollout = new Rollout(objects, surroundings);
    for (let index = 0; index < replicas; index += 1) {
      rollout.pods.push(rollout.create());
    }
    await Promise.all(rollout.pods.map((pod) => pod.untilReady()));
    await surroundings.gateway.settled();
    return rollout;
  }

  get spec(): PodSpec {
    return apiOf(this.objects).spec.template.spec;
  }

  /** Creates a pod that does not belong to the present ones yet. */
  create(env: Record<string, string> = {}): Pod {
    const { compression, gateway } = this.surroundings;
    const pod = Pod.create({
      spec: this.spec,
      env: { ...this.env(), ...env },
      compression,
      onEndpoint: (changed) => gateway.onEndpoint(changed),
    });
    this.all.push(pod);
    return pod;
  }

  /**
   * Replaces each pod with `maxSurge: 1` and `maxUnavailable: 0`: when a new one is ready, an old one is deleted. The next new
   * one does not wait for the end of the old one.
   */
  async update(): Promise<void> {
    for (const old of [...this.pods]) {
      this.pods.push(await this.create().untilReady());
      this.pods.splice(this.pods.indexOf(old), 1);
      this.ending.push(old.delete());
    }
    await Promise.all(this.ending);
  }

  async discard(): Promise<void> {
    await Promise.all(this.all.map((pod) => pod.discard()));
  }

  /** The settings of the ConfigMap, with compressed times, on free ports of this machine. */
  private env(): Record<string, string> {
    const { compression, env } = this.surroundings;
    const settings: Record<string, string> = { ...DEFAULT_TIMES, ...settingsOf(this.objects) };
    for (const name of TIMES) {
      settings[name] = compressed(settings[name]!, compression);
    }
    return { ...settings, NODE_ENV: 'production', HOST: '127.0.0.1', METRICS_PORT: '0', ...env };
  }
}

function compressed(duration: string, compression: number): string {
  const [, seconds = ''] = /^(\d+)s$/.exec(duration) ?? [];
  const ms = (Number(seconds) * 1000) / compression;
  return `${ms}ms`;
}
