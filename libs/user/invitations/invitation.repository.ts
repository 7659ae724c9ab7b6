import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database';
import type { Role } from '../user.store';
import type { Invitation } from './invitation';

/** A page of the list begins after this invitation. */
export interface InvitationCursor {
  createdAtMs: number;
  id: string;
}

interface InvitationRow {
  id: string;
  email: string | null;
  role: Role;
  user_id: string | null;
  created_at: Date;
  expires_at: Date;
}

const COLUMNS = 'id, email, role, user_id, created_at, expires_at';
/** $1 is the hash of the code, $2 the address, $3 now. */
const IS_USABLE = 'code_hash = $1 AND (email IS NULL OR email = $2) AND expires_at > $3';

/** The table of invitations. One query per method. Methods throw DependencyUnavailableError. */
@Injectable()
export class InvitationRepository {
  constructor(private readonly database: Database) {}

  async insert(invitation: Invitation, codeHash: Buffer): Promise<void> {
    const { id, email, role, userId, createdAtMs, expiresAtMs } = invitation;
    await this.query(
      `INSERT INTO invitations (code_hash, ${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [codeHash, id, email, role, userId, new Date(createdAtMs), new Date(expiresAtMs)],
    );
  }

  /** The invitation of a code, if this address may use it now. */
  async find(codeHash: Buffer, email: string, nowMs: number): Promise<Invitation | null> {
    const rows = await this.query(`SELECT ${COLUMNS} FROM invitations WHERE ${IS_USABLE}`, [
      codeHash,
      email,
      new Date(nowMs),
    ]);
    return rows[0] ? toInvitation(rows[0]) : null;
  }

  /** As `find`, and deletes it: of two transactions with the same code, one gets the invitation. */
  async take(codeHash: Buffer, email: string, nowMs: number): Promise<Invitation | null> {
    const rows = await this.query(
      `WITH taken AS (DELETE FROM invitations WHERE ${IS_USABLE} RETURNING ${COLUMNS})
       SELECT * FROM taken`,
      [codeHash, email, new Date(nowMs)],
    );
    return rows[0] ? toInvitation(rows[0]) : null;
  }

  /** Invitations that can be used, newest first. */
  async list(nowMs: number, limit: number, after?: InvitationCursor): Promise<Invitation[]> {
    const rows = await this.query(
      `SELECT ${COLUMNS} FROM invitations
        WHERE expires_at > $1
          AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $2`,
      [new Date(nowMs), limit, after ? new Date(after.createdAtMs) : null, after?.id],
    );
    return rows.map(toInvitation);
  }

  /** @returns the deleted invitation; null if there is none that can be used. */
  async delete(id: string, nowMs: number): Promise<Invitation | null> {
    const rows = await this.query(
      `WITH deleted AS (
         DELETE FROM invitations WHERE id = $1 AND expires_at > $2 RETURNING ${COLUMNS}
       ) SELECT * FROM deleted`,
      [id, new Date(nowMs)],
    );
    return rows[0] ? toInvitation(rows[0]) : null;
  }

  /** Deletes the invitations of an account. */
  async deleteOf(userId: string): Promise<void> {
    await this.query('DELETE FROM invitations WHERE user_id = $1', [userId]);
  }

  /** @returns the number of deleted invitations; fewer than `limit` when no more are left. */
  async deleteExpired(beforeMs: number, limit: number): Promise<number> {
    return this.database.delete(
      `DELETE FROM invitations WHERE id IN (
         SELECT id FROM invitations WHERE expires_at <= $1
          ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [new Date(beforeMs), limit],
    );
  }

  private query(sql: string, parameters: unknown[]): Promise<InvitationRow[]> {
    return this.database.run((manager) => manager.query<InvitationRow[]>(sql, parameters));
  }
}

function toInvitation(row: InvitationRow): Invitation {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    userId: row.user_id,
    createdAtMs: row.created_at.getTime(),
    expiresAtMs: row.expires_at.getTime(),
  };
}
