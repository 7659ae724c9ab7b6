import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A change that Redis must have, written in the transaction that makes it. */
@Entity('outbox')
@Index('ix_outbox_transaction_id', ['transactionId'])
@Index('ix_outbox_recorded_at', ['recordedAt'])
export class OutboxEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'pk_outbox' })
  id!: string;

  /**
   * The transaction that wrote it. Transactions commit in another order than they begin, so a reader may pass an id
   * only when every transaction below it has ended.
   */
  @Column({ name: 'transaction_id', type: 'bigint' })
  transactionId!: string;

  /** The kind of change, which determines its applier, and its details. */
  @Column({ type: 'character varying', length: 32 })
  kind!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ type: 'jsonb' })
  details!: Record<string, unknown>;

  @Column({ name: 'recorded_at', type: 'timestamp with time zone', precision: 3 })
  recordedAt!: Date;
}
