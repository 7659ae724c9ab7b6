import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

/** An invitation that is not used. A used one is deleted, and audit events tell of it. */
@Entity('invitations')
@Unique('uq_invitations_code_hash', ['codeHash'])
@Index('ix_invitations_created_at', ['createdAt', 'id'])
@Index('ix_invitations_expires_at', ['expiresAt'])
@Index('ix_invitations_user', ['userId'], { where: 'user_id IS NOT NULL' })
export class InvitationEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_invitations' })
  id!: string;

  /** SHA-256 of the code. */
  @Column({ name: 'code_hash', type: 'bytea' })
  codeHash!: Buffer;

  /** The only address that may use it; null: any address. */
  @Column({ type: 'character varying', length: 254, nullable: true })
  email!: string | null;

  @Column({ type: 'character varying', length: 32 })
  role!: string;

  /** The existing account that it gives a password; null: it creates an account. */
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;

  @Column({ name: 'created_at', type: 'timestamp with time zone', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamp with time zone', precision: 3 })
  expiresAt!: Date;
}
