import { Counter, type Registry } from 'prom-client';

/** What an auditor wants to know, by name. */
export class AuditMetrics {
  private readonly events: Counter;

  constructor(registry: Registry) {
    this.events = new Counter({
      name: 'latchkey_audit_events_total',
      help: 'Audit events, by name.',
      labelNames: ['event'],
      registers: [registry],
    });
  }

  /** Exports an event from now on, at 0. */
  expect(event: string): void {
    this.events.labels(event).inc(0);
  }

  /** @param event one of the names that the code knows. */
  happened(event: string): void {
    this.events.labels(event).inc();
  }
}
