import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * An audit event. Rows are inserted and, after the retention, deleted; a trigger refuses updates. No foreign key:
 * events outlive the account that they concern.
 */
@Entity('audit_events')
@Index('ix_audit_events_user', ['userId', 'occurredAt', 'id'])
@Index('ix_audit_events_occurred_at', ['occurredAt'])
export class AuditEventEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_audit_events' })
  id!: string;

  @Column({ name: 'occurred_at', type: 'timestamp with time zone', precision: 3 })
  occurredAt!: Date;

  @Column({ type: 'character varying', length: 64 })
  name!: string;

  /** The user whom it concerns; null for an account that does not exist. */
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;

  @Column({ name: 'session_id', type: 'uuid', nullable: true })
  sessionId!: string | null;

  /** The acting user, if that is another user. */
  @Column({ name: 'actor_id', type: 'uuid', nullable: true })
  actorId!: string | null;

  @Column({ type: 'inet', nullable: true })
  ip!: string | null;

  @Column({ name: 'user_agent', type: 'character varying', length: 512, nullable: true })
  userAgent!: string | null;

  @Column({ name: 'request_id', type: 'character varying', length: 128, nullable: true })
  requestId!: string | null;

  @Column({ type: 'jsonb' })
  details!: Record<string, unknown>;
}
