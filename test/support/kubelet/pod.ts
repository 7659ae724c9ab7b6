import { setTimeout as pause } from 'node:timers/promises';
import type { PodSpec } from '../../deploy/kubernetes/objects';
import { ApiProcess } from '../api-process';
import { until } from '../until';
import { Prober } from './prober';

/** Between two starts of a container: the first repetition at once, then this long, and twice as long each time. */
const FIRST_BACK_OFF_SECONDS = 10;
const LONGEST_BACK_OFF_SECONDS = 300;

export interface PodOptions {
  spec: PodSpec;
  /** Environment of the container. */
  env: Record<string, string>;
  /** By which all times of the specification are divided. */
  compression: number;
  /** Called when the pod begins or stops to be an endpoint, or gets another port. */
  onEndpoint: (pod: Pod) => void;
}

/**
 * A pod of the API and the kubelet that cares for it: a real process, probes with the times of the specification, restarts, and the end with its
 * grace period.
 */
export class Pod {
  /** Containers that were killed because the liveness or the startup probe failed. */
  killedByProbes = 0;
  /** Processes that were still there when the grace period had passed. */
  killedAfterGrace = 0;
  /** Starts after the first one, for any reason. */
  restarts = 0;
  /** How often it stopped being ready before it was deleted. */
  lostReadiness = 0;
  /** How the processes ended. */
  readonly ends: string[] = [];
  private ready = false;
  private deleting = false;
  private process: ApiProcess | undefined;
  private probers: Prober[] = [];
  /** Liveness probes of its earlier containers. */
  private past = { succeeded: 0, failed: 0 };
  private readonly running: Promise<void>;

  private constructor(private readonly options: PodOptions) {
    this.running = this.run();
  }

  static create(options: PodOptions): Pod {
    return new Pod(options);
  }

  /** Whether a Service sends requests to it: ready, and not being deleted. */
  get isEndpoint(): boolean {
    return this.ready && !this.deleting;
  }

  get isReady(): boolean {
    return this.ready;
  }

  get port(): number {
    return this.process?.port ?? 0;
  }

  /** Sends a signal to the process, as a fault. */
  signal(signal: NodeJS.Signals): void {
    this.process?.signal(signal);
  }

  /** What its log says beside JSON lines: why a process did not start. */
  get complaint(): string {
    return this.process?.complaint ?? '';
  }

  /** Liveness probes of all its containers. */
  get livenessProbes(): { succeeded: number; failed: number } {
    const { succeeded = 0, failed = 0 } = this.probers[1] ?? {};
    return { succeeded: this.past.succeeded + succeeded, failed: this.past.failed + failed };
  }

  async untilReady(): Promise<this> {
    await until('the pod is ready', () => this.ready);
    return this;
  }

  /** Ends it as a deletion does: no endpoint at once, SIGTERM, SIGKILL after the grace period. */
  async delete(): Promise<void> {
    this.deleting = true;
    this.options.onEndpoint(this);
    // Liveness and start-up are not probed any more; readiness is.
    this.probers.filter((_prober, index) => index !== 2).forEach((prober) => prober.stop());
    await this.endContainer();
    await this.running;
  }

  /** Ends it without grace, for the end of a test. */
  async discard(): Promise<void> {
    this.deleting = true;
    await this.process?.kill();
    await this.running;
  }

  private async run(): Promise<void> {
    let backOffSeconds = 0;
    while (!this.isDeleted()) {
      this.process = await ApiProcess.spawn(this.options.env);
      const probing = this.startProbes(this.process.port);
      this.ends.push(await this.process.ended);
      this.stopProbes();
      await probing;
      this.setReady(false);
      if (!this.isDeleted()) {
        this.restarts += 1;
        await pause(this.ms(backOffSeconds));
        const next = Math.max(FIRST_BACK_OFF_SECONDS, 2 * backOffSeconds);
        backOffSeconds = Math.min(LONGEST_BACK_OFF_SECONDS, next);
      }
    }
  }

  private isDeleted(): boolean {
    return this.deleting;
  }

  /** The startup probe holds the other two back until it has succeeded. */
  private async startProbes(port: number): Promise<void> {
    const [{ startupProbe, livenessProbe, readinessProbe }] = this.options.spec.containers;
    const { compression } = this.options;
    const liveness = new Prober(livenessProbe!, port, compression, (ok) => this.onLiveness(ok));
    const readiness = new Prober(readinessProbe!, port, compression, (ok) => this.setReady(ok));
    const others: Promise<void>[] = [];
    const startup = new Prober(startupProbe!, port, compression, (ok) => {
      startup.stop();
      if (ok && !this.deleting) {
        others.push(liveness.run(), readiness.run());
      } else {
        this.onLiveness(ok);
      }
    });
    this.probers = [startup, liveness, readiness];
    await startup.run();
    await Promise.all(others);
  }

  private stopProbes(): void {
    this.past = this.livenessProbes;
    this.probers.forEach((prober) => prober.stop());
    this.probers = [];
  }

  private onLiveness(ok: boolean): void {
    if (!ok && !this.deleting) {
      this.killedByProbes += 1;
      this.probers.forEach((prober) => prober.stop());
      void this.endContainer();
    }
  }

  private async endContainer(): Promise<void> {
    const { process } = this;
    if (!process?.isAlive) {
      return;
    }
    process.signal('SIGTERM');
    const graceMs = this.ms(this.options.spec.terminationGracePeriodSeconds ?? 30);
    const late = new AbortController();
    const killing = pause(graceMs, true, { signal: late.signal }).catch(() => false);
    const isLate = await Promise.race([killing, process.ended.then(() => false)]);
    late.abort();
    if (isLate) {
      this.killedAfterGrace += 1;
      await process.kill();
    }
  }

  private setReady(ready: boolean): void {
    if (ready === this.ready) {
      return;
    }
    this.ready = ready;
    if (!ready && !this.deleting) {
      this.lostReadiness += 1;
    }
    this.options.onEndpoint(this);
  }

  private ms(seconds: number): number {
    return (seconds * 1000) / this.options.compression;
  }
}
