import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { SessionEntity } from './session.entity';

/** A refresh token, used or not. A used one stays for the TTL of a session, to recognise a thief. */
@Entity('refresh_tokens')
@Check(
  'ck_refresh_tokens_used_with_successor',
  '(used_at IS NULL) = (successor_id IS NULL) AND (used_at IS NULL) = (successor_salt IS NULL)',
)
@Index('ix_refresh_tokens_session', ['sessionId'])
@Index('ix_refresh_tokens_used_at', ['usedAt'], { where: 'used_at IS NOT NULL' })
export class RefreshTokenEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_refresh_tokens' })
  id!: string;

  @Column({ name: 'session_id', type: 'uuid' })
  sessionId!: string;

  @ManyToOne(() => SessionEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'session_id', foreignKeyConstraintName: 'fk_refresh_tokens_session' })
  session?: SessionEntity;

  /** SHA-256 of the secret, which has 256 random bits and so needs no slower hash. */
  @Column({ name: 'secret_hash', type: 'bytea' })
  secretHash!: Buffer;

  @Column({ name: 'issued_at', type: 'timestamp with time zone', precision: 3 })
  issuedAt!: Date;

  @Column({ name: 'used_at', type: 'timestamp with time zone', precision: 3, nullable: true })
  usedAt!: Date | null;

  /** User agent that used it. */
  @Column({ name: 'used_by', type: 'character varying', length: 512, nullable: true })
  usedBy!: string | null;

  @Column({ name: 'successor_id', type: 'uuid', nullable: true })
  successorId!: string | null;

  /** With the secret of this token it gives the successor's; by itself it gives nothing. */
  @Column({ name: 'successor_salt', type: 'bytea', nullable: true })
  successorSalt!: Buffer | null;
}
