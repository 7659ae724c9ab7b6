import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

/** An account. The e-mail address is stored in lower case; a check constraint enforces it. */
@Entity('users')
@Unique('uq_users_email', ['email'])
@Check('ck_users_email_lower_case', 'email = lower(email)')
@Index('ix_users_avatar_url', ['avatarUrl'], { where: 'avatar_url IS NOT NULL' })
@Index('ix_users_created_at', ['createdAt', 'id'])
@Index('ix_users_administrators', ['createdAt', 'id'], { where: "role = 'admin'" })
@Index('ix_users_disabled', ['createdAt', 'id'], { where: 'disabled_at IS NOT NULL' })
@Index('ix_users_email_prefix', { synchronize: false })
@Index('ix_users_name_prefix', { synchronize: false })
export class UserEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_users' })
  id!: string;

  @Column({ type: 'character varying', length: 254 })
  email!: string;

  /** In PHC string form; never leaves the libraries `user` and `auth`. */
  @Column({ name: 'password_hash', type: 'text' })
  passwordHash!: string;

  @Column({ name: 'display_name', type: 'text', nullable: true })
  displayName!: string | null;

  @Column({ type: 'text', nullable: true })
  bio!: string | null;

  @Column({ name: 'avatar_url', type: 'text', nullable: true })
  avatarUrl!: string | null;

  @Column({ type: 'character varying', length: 32, default: 'user' })
  role!: string;

  /** Raised by every change of the profile; orders cache entries. */
  @Column({ name: 'profile_version', type: 'integer', default: 1 })
  profileVersion!: number;

  /** Set: the account cannot sign in, until `disabledUntil`. */
  @Column({ name: 'disabled_at', type: 'timestamp with time zone', precision: 3, nullable: true })
  disabledAt!: Date | null;

  /** Null: the disabling has no end. */
  @Column({
    name: 'disabled_until',
    type: 'timestamp with time zone',
    precision: 3,
    nullable: true,
  })
  disabledUntil!: Date | null;

  /** For administrators. */
  @Column({ name: 'disabled_reason', type: 'text', nullable: true })
  disabledReason!: string | null;

  @Column({
    name: 'last_sign_in_at',
    type: 'timestamp with time zone',
    precision: 3,
    nullable: true,
  })
  lastSignInAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamp with time zone', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamp with time zone', precision: 3 })
  updatedAt!: Date;
}
