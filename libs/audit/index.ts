export { AuditEventEntity } from './audit-event.entity';
export type { EventCursor } from './audit-event.repository';
export { AuditEvents } from './audit-events';
export { AuditModule } from './audit.module';
export {
  AUDIT_EVENT_LEVELS,
  type NewAuditEvent,
  type AuditEvent,
  type AuditEventDetails,
  type AuditEventName,
} from './audit-event';
export { AuditRecorder, type AuditEventListener } from './audit-recorder';
