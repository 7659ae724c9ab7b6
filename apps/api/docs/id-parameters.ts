import { ApiParam } from '@nestjs/swagger';

/** An id that no user and no session has: a call with it changes nothing. */
const EXAMPLE = '00000000-0000-4000-8000-000000000000';

/** The path parameter `id` of a user. */
export const ApiUserId = () => idOf('The user.');

/** The path parameter `id` of a session. */
export const ApiSessionId = () => idOf('The session.');

function idOf(description: string) {
  const schema = { type: 'string', format: 'uuid', example: EXAMPLE } as const;
  return ApiParam({ name: 'id', description, schema });
}
