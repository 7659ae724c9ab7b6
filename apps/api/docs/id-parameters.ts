import { ApiParam } from '@nestjs/swagger';

/** An id that nothing has: a call that is tried with it changes nothing. */
const EXAMPLE = '00000000-0000-4000-8000-000000000000';

/** The path parameter `id` where it names a user. */
export const ApiUserId = () => idOf('The user.');

/** The path parameter `id` where it names a session. */
export const ApiSessionId = () => idOf('The session.');

function idOf(description: string) {
  const schema = { type: 'string', format: 'uuid', example: EXAMPLE } as const;
  return ApiParam({ name: 'id', description, schema });
}
