import { isIPv6 } from 'node:net';
import { Injectable } from '@nestjs/common';
import { DomainError } from '#libs/common';
import { Settings } from '#libs/config';

/** `METRICS_ALLOW` does not list the address. */
export class MetricsForbiddenError extends DomainError {
  readonly code = 'forbidden';

  constructor() {
    super('METRICS_ALLOW does not list your address.');
  }
}

/**
 * Decides which clients may read metrics: those of `METRICS_ALLOW`; if it is unset, all, in production only at
 * `METRICS_PORT`.
 */
@Injectable()
export class MetricsAccess {
  constructor(private readonly settings: Settings) {}

  /**
   * @param address of the client, as `parseIpAddress` returns it.
   * @throws MetricsForbiddenError
   */
  check(address: string | undefined): void {
    const { metricsAllow, metricsPort, production } = this.settings;
    const allowed = metricsAllow
      ? address !== undefined && metricsAllow.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
      : metricsPort !== undefined || !production;
    if (!allowed) {
      throw new MetricsForbiddenError();
    }
  }
}
