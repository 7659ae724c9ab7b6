import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { AuthMetrics } from './auth-metrics';
import { CacheMetrics } from './cache-metrics';
import { HttpMetrics } from './http-metrics';
import { JobMetrics } from './job-metrics';
import { PasswordMetrics } from './password-metrics';
import { AuditMetrics } from './audit-metrics';
import { SessionMetrics } from './session-metrics';
import { StatisticsMetrics } from './statistics-metrics';
import { StoreMetrics } from './store-metrics';
import { SyncMetrics } from './sync-metrics';

/**
 * Everything that the product measures, in a registry of the application's own. Libraries report to a
 * member; names and labels stand in its file and nowhere else. docs/metrics.md says what they mean.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  readonly http = new HttpMetrics(this.registry);
  readonly stores = new StoreMetrics(this.registry);
  readonly sync = new SyncMetrics(this.registry);
  readonly statistics = new StatisticsMetrics(this.registry);
  readonly caches = new CacheMetrics(this.registry);
  readonly sessions = new SessionMetrics(this.registry);
  readonly auth = new AuthMetrics(this.registry);
  readonly passwords = new PasswordMetrics(this.registry);
  readonly jobs = new JobMetrics(this.registry);
  readonly audit = new AuditMetrics(this.registry);

  /** Of what `text` returns. */
  readonly contentType = this.registry.contentType;

  /**
   * Adds the figures of the process and of Node, which do not begin with `latchkey_`. Once, and for the
   * whole life of the process: what observes its garbage collector cannot be taken off again.
   */
  collectProcess(version: string): void {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'latchkey_build_info',
      help: '1; the labels say what is running.',
      labelNames: ['version', 'node'],
      registers: [this.registry],
    }).set({ version, node: process.versions.node }, 1);
  }

  /** Prometheus text. Asks Redis for the statistics, once a second at most; never rejects for that. */
  async text(): Promise<string> {
    return this.registry.metrics();
  }
}
