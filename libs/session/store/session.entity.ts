import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { SubjectEntity } from './subject.entity';

/** The durable record of a session. Instants have the milliseconds that Redis scripts compare. */
@Entity('sessions')
@Check('ck_sessions_revoked_with_reason', '(revoked_at IS NULL) = (revoked_reason IS NULL)')
@Index('ix_sessions_user_live', ['userId'], { where: 'revoked_at IS NULL' })
@Index('ix_sessions_expires_at', ['expiresAt'])
export class SessionEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_sessions' })
  id!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @ManyToOne(() => SubjectEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'fk_sessions_subject' })
  subject?: SubjectEntity;

  @Column({ type: 'integer' })
  generation!: number;

  @Column({ type: 'character varying', length: 32 })
  role!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'last_seen_at', type: 'timestamp with time zone', precision: 3 })
  lastSeenAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamp with time zone', precision: 3 })
  expiresAt!: Date;

  /** The latest expiry of an access token of the session; null if only `expiresAt` bounds it. */
  @Column({
    name: 'tokens_expire_at',
    type: 'timestamp with time zone',
    precision: 3,
    nullable: true,
  })
  tokensExpireAt!: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamp with time zone', precision: 3, nullable: true })
  revokedAt!: Date | null;

  @Column({ name: 'revoked_reason', type: 'character varying', length: 32, nullable: true })
  revokedReason!: string | null;

  @Column({ type: 'inet', nullable: true })
  ip!: string | null;

  @Column({ name: 'user_agent', type: 'character varying', length: 512, nullable: true })
  userAgent!: string | null;
}
