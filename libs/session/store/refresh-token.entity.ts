import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { SessionEntity } from './session.entity';

/** A refresh token, used or not. A used one is kept for the TTL of its session, to detect theft. */
@Entity('refresh_tokens')
@Check(
  'ck_refresh_tokens_used_with_successor',
  '(used_at IS NULL) = (successor_id IS NULL) AND (used_at IS NULL) = (successor_salt IS NULL)',
)
@Index('ix_refresh_tokens_session', ['sessionId'])
@Index('ix_refresh_tokens_used', ['remembered', 'usedAt'], { where: 'used_at IS NOT NULL' })
export class RefreshTokenEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_refresh_tokens' })
  id!: string;

  @Column({ name: 'session_id', type: 'uuid' })
  sessionId!: string;

  @ManyToOne(() => SessionEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'session_id', foreignKeyConstraintName: 'fk_refresh_tokens_session' })
  session?: SessionEntity;

  /** Of its session, which never changes: the clean-up finds used tokens by it. */
  @Column({ type: 'boolean', default: false })
  remembered!: boolean;

  /** SHA-256 of the secret; its 256 random bits need no slower hash. */
  @Column({ name: 'secret_hash', type: 'bytea' })
  secretHash!: Buffer;

  @Column({ name: 'issued_at', type: 'timestamp with time zone', precision: 3 })
  issuedAt!: Date;

  @Column({ name: 'used_at', type: 'timestamp with time zone', precision: 3, nullable: true })
  usedAt!: Date | null;

  /** User agent of the use. */
  @Column({ name: 'used_by', type: 'character varying', length: 512, nullable: true })
  usedBy!: string | null;

  @Column({ name: 'successor_id', type: 'uuid', nullable: true })
  successorId!: string | null;

  /** Together with the secret of this token it yields the successor's; alone it yields nothing. */
  @Column({ name: 'successor_salt', type: 'bytea', nullable: true })
  successorSalt!: Buffer | null;
}
