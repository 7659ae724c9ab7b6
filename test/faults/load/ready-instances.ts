import { setTimeout as pause } from 'node:timers/promises';
import type { Instance } from '../instance';

const PROBE_INTERVAL_MS = 50;

/** The instances that are ready, probed repeatedly, as a load balancer does. */
export class ReadyInstances {
  private ready: readonly Instance[];
  private stopped = false;
  private readonly probing: Promise<void>;

  constructor(private readonly instances: readonly Instance[]) {
    this.ready = instances;
    this.probing = this.probe();
  }

  /** As of the last probe. */
  get current(): readonly Instance[] {
    return this.ready;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.probing;
  }

  private async probe(): Promise<void> {
    while (!this.stopped) {
      const answers = await Promise.all(this.instances.map((instance) => instance.readiness()));
      this.ready = this.instances.filter((_, index) => answers[index]?.status === 200);
      await pause(PROBE_INTERVAL_MS);
    }
  }
}
