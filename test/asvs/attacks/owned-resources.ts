import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import type { Route } from '../../support/open-api';

/**
 * The id of the resource of a user that a path parameter names, by path. An operation whose path is
 * missing here has no test of calls by other users: see `uncovered`.
 */
export const OWNED_RESOURCES: Record<string, (owner: AuthResultDto) => string> = {
  '/api/auth/sessions/{id}': ({ session }) => session.id,
  '/api/admin/users/{id}': ({ user }) => user.id,
  '/api/admin/users/{id}/sessions/{sessionId}': ({ user }) => user.id,
  '/api/admin/users/{id}/sessions': ({ user }) => user.id,
  '/api/admin/users/{id}/events': ({ user }) => user.id,
  // No user owns one: any id is refused.
  '/api/admin/invitations/{id}': ({ session }) => session.id,
};

/** Paths whose parameter names a public resource, with the reason. */
export const PUBLIC_RESOURCES: Record<string, string> = {
  '/api/auth/sessions/{id}/attributes': 'a service may set the attributes of any session',
  '/avatars/{file}': 'a picture is public to every client that knows its name',
};

/** One sentence for each operation with a path parameter that has no entry above. */
export function uncovered(routes: readonly Pick<Route, 'name' | 'path'>[]): string[] {
  return routes
    .filter(({ path }) => path.includes('{'))
    .filter(({ path }) => !(path in OWNED_RESOURCES) && !(path in PUBLIC_RESOURCES))
    .map(
      ({ name, path }) =>
        `${name} has a parameter in its path, and no test of calls by other users: ` +
        `add '${path}' to OWNED_RESOURCES with the id of a resource of its owner, or to ` +
        'PUBLIC_RESOURCES with the reason why it is public (test/asvs/attacks/owned-resources.ts).',
    );
}
