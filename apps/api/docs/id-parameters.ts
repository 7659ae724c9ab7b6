import { ApiParam } from '@nestjs/swagger';

/** An id that no user, no session and no invitation has: a call with it changes nothing. */
const EXAMPLE = '00000000-0000-4000-8000-000000000000';

/** The path parameter `id` of a user. */
export const ApiUserId = () => idOf('The user.');

/** The path parameter of a session. */
export const ApiSessionId = (name = 'id') => idOf('The session.', name);

/** The path parameter `id` of an invitation. */
export const ApiInvitationId = () => idOf('The invitation.');

function idOf(description: string, name = 'id') {
  const schema = { type: 'string', format: 'uuid', example: EXAMPLE } as const;
  return ApiParam({ name, description, schema });
}
