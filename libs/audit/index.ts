export { AuditEventEntity } from './audit-event.entity';
export type { EventCursor } from './audit-event.store';
export { AuditEvents } from './audit-events';
export { AuditModule } from './audit.module';
export {
  SECURITY_EVENT_LEVELS,
  type NewSecurityEvent,
  type SecurityEvent,
  type SecurityEventDetails,
  type SecurityEventName,
} from './security-event';
export { SecurityEvents, type SecurityEventListener } from './security-events';
