import { parsePageCursor, toPage } from '#libs/http';
import type { Invitation, InvitationCursor, IssuedInvitation } from '#libs/user';
import type { InvitationDto, InvitationListDto, IssuedInvitationDto } from './invitation.dto';

/**
 * @returns undefined for the first page.
 * @throws MalformedCursorError
 */
export function parseCursor(cursor: string | undefined): InvitationCursor | undefined {
  const parsed = parsePageCursor(cursor);
  return parsed && { createdAtMs: parsed.atMs, id: parsed.id };
}

/** See `toPage`. */
export function toInvitationPage(found: readonly Invitation[], limit: number): InvitationListDto {
  const { items, nextCursor } = toPage(found, limit, ({ createdAtMs: atMs, id }) => ({ atMs, id }));
  return { invitations: items.map(toDto), nextCursor };
}

/** With the code: for the answer that creates it. */
export function toIssued({ id, code, expiresAtMs }: IssuedInvitation): IssuedInvitationDto {
  return { id, code, expiresAt: new Date(expiresAtMs).toISOString() };
}

function toDto(invitation: Invitation): InvitationDto {
  const { id, email, role, userId, createdAtMs, expiresAtMs } = invitation;
  return {
    id,
    email,
    role,
    userId,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
  };
}
