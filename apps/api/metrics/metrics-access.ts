import { isIPv6 } from 'node:net';
import { Injectable } from '@nestjs/common';
import { DomainError } from '#libs/common';
import { Settings } from '#libs/config';

/** The address is none of `METRICS_ALLOW`. */
export class MetricsForbiddenError extends DomainError {
  readonly code = 'forbidden';

  constructor() {
    super('Metrics are not for this address.');
  }
}

/** Who may read metrics: whom `METRICS_ALLOW` names; without it, in production, only at `METRICS_PORT`. */
@Injectable()
export class MetricsAccess {
  constructor(private readonly settings: Settings) {}

  /**
   * @param address of the client, as `parseIpAddress` gives it.
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
