import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SECURITY_EVENT_LEVELS, SecurityEvents } from '#libs/audit';
import { Metrics } from '#libs/metrics';

/** Counts security events, by name. */
@Injectable()
export class SecurityEventCounter implements OnModuleInit {
  constructor(
    private readonly events: SecurityEvents,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { security } = this.metrics;
    Object.keys(SECURITY_EVENT_LEVELS).forEach((name) => security.expect(name));
    this.events.onRecorded(({ name }) => security.happened(name));
  }
}
