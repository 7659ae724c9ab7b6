import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The generation of a user, kept by the session authority even if another module keeps the accounts. Every revoke-all
 * raises it; a session of an older generation is dead.
 */
@Entity('subjects')
export class SubjectEntity {
  @PrimaryColumn({ name: 'user_id', type: 'uuid', primaryKeyConstraintName: 'pk_subjects' })
  userId!: string;

  @Column({ type: 'integer', default: 1 })
  generation!: number;
}
