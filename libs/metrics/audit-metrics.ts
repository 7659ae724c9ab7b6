import { Counter, type Registry } from 'prom-client';

/** Audit events. */
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

  /** Exports an event, from 0. */
  expect(event: string): void {
    this.events.labels(event).inc(0);
  }

  /** @param event a name from the code, never from data. */
  happened(event: string): void {
    this.events.labels(event).inc();
  }
}
