import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import type { Route } from '../../support/open-api';

/**
 * What of a user the parameter of a path can name, by path. An operation whose path is not here has no
 * test of what others can do with it: see `uncovered`.
 */
export const OWNED_RESOURCES: Record<string, (owner: AuthResultDto) => string> = {
  '/api/auth/sessions/{id}': ({ session }) => session.id,
  '/api/admin/users/{id}': ({ user }) => user.id,
  '/api/admin/users/{id}/sessions': ({ user }) => user.id,
  '/api/admin/users/{id}/events': ({ user }) => user.id,
};

/** Paths whose parameter names what everybody may have, with the reason. */
export const PUBLIC_RESOURCES: Record<string, string> = {
  '/avatars/{file}': 'a picture is for everybody who was told its name',
};

/** One sentence for each operation with a parameter in its path for which nothing is known to try. */
export function uncovered(routes: readonly Pick<Route, 'name' | 'path'>[]): string[] {
  return routes
    .filter(({ path }) => path.includes('{'))
    .filter(({ path }) => !(path in OWNED_RESOURCES) && !(path in PUBLIC_RESOURCES))
    .map(
      ({ name, path }) =>
        `${name} has a parameter in its path, and no test of what one user can do with what is ` +
        `another's: add '${path}' to OWNED_RESOURCES with the id of a resource of its owner, or to ` +
        'PUBLIC_RESOURCES with the reason why everybody may have it (test/asvs/attacks/owned-resources.ts).',
    );
}
