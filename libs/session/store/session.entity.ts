import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { SessionAttributes } from '../session-attributes';
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

  /** Whether the user asked for the longer lifetime. */
  @Column({ type: 'boolean', default: false })
  remembered!: boolean;

  /** The user's latest proof of identity; null: the sign-in. */
  @Column({
    name: 'authenticated_at',
    type: 'timestamp with time zone',
    precision: 3,
    nullable: true,
  })
  authenticatedAt!: Date | null;

  /** The methods of all proofs in this session (RFC 8176), separated by spaces. */
  @Column({ type: 'character varying', length: 64, default: 'pwd' })
  amr!: string;

  @Column({ type: 'jsonb', nullable: true })
  attributes!: SessionAttributes | null;

  /** Counts the changes of the three columns above: a copy of a lower version is outdated. */
  @Column({ name: 'details_version', type: 'integer', default: 0 })
  detailsVersion!: number;

  @Column({ type: 'inet', nullable: true })
  ip!: string | null;

  @Column({ name: 'user_agent', type: 'character varying', length: 512, nullable: true })
  userAgent!: string | null;
}
