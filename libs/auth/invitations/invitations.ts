import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { Clock } from '#libs/common';
import { Database } from '#libs/database';
import {
  EmailTakenError,
  hashCode,
  InvitationRepository,
  newCode,
  normaliseEmail,
  UserStore,
  type Invitation,
  type InvitationCursor,
  type IssuedInvitation,
  type Role,
} from '#libs/user';
import { InvitationNotFoundError, InvitationRequiredError } from '../auth.errors';

/** 7 days. */
export const DEFAULT_INVITATION_TTL_SECONDS = 604_800;

/** The parameters of `create`. */
export interface NewInvitation {
  /** The only address that may use it. Absent: any address. */
  email?: string | undefined;
  /** Of the account that it creates. Absent: `user`. */
  role?: Role | undefined;
  /** Absent: 7 days. */
  expiresInSeconds?: number | undefined;
  /** The account that it gives a password. Absent: it creates an account. */
  userId?: string;
}

/**
 * Invitations: each is used once, before it expires, by one address if it names one. Methods throw
 * DependencyUnavailableError while Postgres is unavailable.
 */
@Injectable()
export class Invitations {
  constructor(
    private readonly store: InvitationRepository,
    private readonly users: UserStore,
    private readonly events: AuditRecorder,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates an invitation, with its audit event, in one transaction.
   * @throws EmailTakenError if the address has an account, unless the invitation is for that account.
   */
  async create(wanted: NewInvitation): Promise<IssuedInvitation> {
    const { role = 'user', userId = null } = wanted;
    const email = wanted.email === undefined ? null : normaliseEmail(wanted.email);
    if (email !== null && userId === null && (await this.users.findIdByEmail(email)) !== null) {
      throw new EmailTakenError();
    }
    const createdAtMs = this.clock.nowMs();
    const ttlMs = (wanted.expiresInSeconds ?? DEFAULT_INVITATION_TTL_SECONDS) * 1000;
    const expiresAtMs = createdAtMs + ttlMs;
    const invitation = { id: randomUUID(), email, role, userId, createdAtMs, expiresAtMs };
    const code = newCode();
    await this.database.transaction(async () => {
      await this.store.insert(invitation, hashCode(code));
      const expiresAt = new Date(expiresAtMs).toISOString();
      const details = { invitationId: invitation.id, role, expiresAt };
      await this.events.recordInTransaction({ name: 'invitation_created', userId, details });
    });
    return { ...invitation, code };
  }

  /** A page of the invitations that can be used, newest first. One query. */
  async list(limit: number, after?: InvitationCursor): Promise<Invitation[]> {
    return this.store.list(this.clock.nowMs(), limit, after);
  }

  /**
   * Deletes an invitation: its code is refused from then on.
   * @throws InvitationNotFoundError if there is none that can be used.
   */
  async delete(id: string): Promise<void> {
    await this.database.transaction(async () => {
      const deleted = await this.store.delete(id, this.clock.nowMs());
      if (!deleted) {
        throw new InvitationNotFoundError();
      }
      const { userId } = deleted;
      const details = { invitationId: id };
      await this.events.recordInTransaction({ name: 'invitation_deleted', userId, details });
    });
  }

  /** Deletes the invitations of an account that is deleted, in that transaction. One query. */
  async deleteOf(userId: string): Promise<void> {
    await this.store.deleteOf(userId);
  }

  /**
   * The invitation of a code. It stays usable; see `take`. One query.
   * @throws InvitationRequiredError for an unknown, used or expired code, and for one of another address.
   */
  async find(code: string, email: string): Promise<Invitation> {
    const now = this.clock.nowMs();
    return required(await this.store.find(hashCode(code), normaliseEmail(email), now));
  }

  /**
   * Uses an invitation, in the transaction of the change that it permits. One query.
   * @throws InvitationRequiredError, as `find`; also if another transaction has used it meanwhile.
   */
  async take(code: string, email: string): Promise<Invitation> {
    const now = this.clock.nowMs();
    return required(await this.store.take(hashCode(code), normaliseEmail(email), now));
  }
}

function required(invitation: Invitation | null): Invitation {
  if (!invitation) {
    throw new InvitationRequiredError();
  }
  return invitation;
}
