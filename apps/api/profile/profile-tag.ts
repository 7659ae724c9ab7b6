import { entityTagsIn } from '#libs/http';
import type { VersionedProfile } from '#libs/user';

/** The header in the OpenAPI document. */
export const ETag = {
  description: 'Names this version of the profile.',
  schema: { type: 'string' as const },
};

/** The entity tag of a profile. It names the user too: the path is the same for all users. */
export function entityTagOf({ profile, version }: VersionedProfile): string {
  return `"${profile.id}.${version}"`;
}

/**
 * The versions of a user's profile that `If-Match` names. Strong comparison (RFC 9110 section 13.1.1): a weak tag and
 * another user's tag match no version.
 * @returns undefined where any version matches: without the header, and for `*`.
 */
export function versionsIn(ifMatch: string | undefined, userId: string): number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') {
    return undefined;
  }
  const prefix = `"${userId}.`;
  return entityTagsIn(ifMatch)
    .filter(({ weak, tag }) => !weak && tag.startsWith(prefix))
    .map(({ tag }) => Number(tag.slice(prefix.length, -1)))
    .filter((version) => Number.isSafeInteger(version) && version > 0 && version < 2 ** 31);
}
