import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { AuthMetrics } from './auth-metrics';
import { CacheMetrics } from './cache-metrics';
import { HttpMetrics } from './http-metrics';
import { JobMetrics } from './job-metrics';
import { PasswordMetrics } from './password-metrics';
import { AuditMetrics } from './audit-metrics';
import { RevocationMetrics } from './revocation-metrics';
import { SessionMetrics } from './session-metrics';
import { StatisticsMetrics } from './statistics-metrics';
import { StoreMetrics } from './store-metrics';
import { SyncMetrics } from './sync-metrics';

/**
 * All metrics, in a registry of the application. Libraries report to a member, whose file has the names and labels.
 * docs/metrics.md describes their meaning.
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
  readonly revocations = new RevocationMetrics(this.registry);
  readonly auth = new AuthMetrics(this.registry);
  readonly passwords = new PasswordMetrics(this.registry);
  readonly jobs = new JobMetrics(this.registry);
  readonly audit = new AuditMetrics(this.registry);

  /** The media type of `text`. */
  readonly contentType = this.registry.contentType;

  /**
   * Adds the metrics of the process and of Node, which do not begin with `latchkey_`. Called once for the whole
   * process: the observer of the garbage collector cannot be removed.
   */
  collectProcess(version: string): void {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'latchkey_build_info',
      help: '1; the labels name the version of the program and of Node.',
      labelNames: ['version', 'node'],
      registers: [this.registry],
    }).set({ version, node: process.versions.node }, 1);
  }

  /** Prometheus text. Reads the statistics from Redis, at most once per second. Never rejects for that. */
  async text(): Promise<string> {
    return this.registry.metrics();
  }
}
