import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Probe } from '../../deploy/kubernetes/objects';

const HOST = '127.0.0.1';

/** One probe of one container, as a kubelet makes it: one request after another, each on a connection of its own. */
export class Prober {
  succeeded = 0;
  failed = 0;
  private inARow = 0;
  private wasSuccess: boolean | undefined;
  private readonly waking = new AbortController();

  /**
   * @param compression by which its period and its timeout are divided
   * @param onResult called with each result that counts: a success, and a failure from the threshold on
   */
  constructor(
    private readonly probe: Probe,
    private readonly port: number,
    private readonly compression: number,
    private readonly onResult: (success: boolean) => void,
  ) {}

  /** Probes at once, and then in each period, until it is stopped. */
  async run(): Promise<void> {
    const periodMs = this.ms(this.probe.periodSeconds);
    let nextMs = performance.now();
    while (!this.isStopped()) {
      const success = await this.ask();
      if (!this.isStopped()) {
        this.count(success);
      }
      // A ticker: ticks that pass during a probe are dropped, as those of Go.
      nextMs = Math.max(nextMs + periodMs, performance.now());
      await this.sleep(nextMs - performance.now());
    }
  }

  stop(): void {
    this.waking.abort();
  }

  private isStopped(): boolean {
    return this.waking.signal.aborted;
  }

  private count(success: boolean): void {
    this.inARow = success === this.wasSuccess ? this.inARow + 1 : 1;
    this.wasSuccess = success;
    if (success) {
      this.succeeded += 1;
    } else {
      this.failed += 1;
    }
    if (success || this.inARow >= this.probe.failureThreshold) {
      this.onResult(success);
    }
  }

  private ask(): Promise<boolean> {
    const { path } = this.probe.httpGet;
    const signal = AbortSignal.timeout(this.ms(this.probe.timeoutSeconds));
    return new Promise((resolve) => {
      const asked = request({ host: HOST, port: this.port, path, agent: false, signal });
      asked.once('error', () => resolve(false));
      asked.once('response', (response) => {
        const { statusCode = 0 } = response;
        response.once('error', () => resolve(false));
        response.once('end', () => resolve(statusCode >= 200 && statusCode < 400));
        response.resume();
      });
      asked.end();
    });
  }

  private async sleep(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.waking.signal }).catch(() => undefined);
  }

  private ms(seconds: number): number {
    return (seconds * 1000) / this.compression;
  }
}
