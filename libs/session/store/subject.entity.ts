import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What the session authority itself keeps of a user, also where another module keeps the accounts: the generation.
 * It is raised by every revoke-all; a session opened under an older one is dead.
 */
@Entity('subjects')
export class SubjectEntity {
  @PrimaryColumn({ name: 'user_id', type: 'uuid', primaryKeyConstraintName: 'pk_subjects' })
  userId!: string;

  @Column({ type: 'integer', default: 1 })
  generation!: number;
}
