import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AUDIT_EVENT_LEVELS, AuditRecorder } from '#libs/audit';
import { Metrics } from '#libs/metrics';

/** Counts audit events by name. */
@Injectable()
export class AuditEventCounter implements OnModuleInit {
  constructor(
    private readonly events: AuditRecorder,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { audit } = this.metrics;
    Object.keys(AUDIT_EVENT_LEVELS).forEach((name) => audit.expect(name));
    this.events.onRecorded(({ name }) => audit.happened(name));
  }
}
