import type { VersionedProfile } from '#libs/user';

const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

/** How the header is documented. */
export const ETag = {
  description: 'Names this version of the profile.',
  schema: { type: 'string' as const },
};

/**
 * The entity tag of a profile (RFC 9110 section 8.8.3). It names the user too: the address is the same
 * for all of them.
 */
export function entityTagOf({ profile, version }: VersionedProfile): string {
  return `"${profile.id}.${version}"`;
}

/** Whether `If-None-Match` has the tag. Weak comparison (RFC 9110 section 13.1.2). */
export function isKnown(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) {
    return false;
  }
  return ifNoneMatch.trim() === '*' || tagsOf(ifNoneMatch).some((known) => known.tag === tag);
}

/**
 * The versions of a user's profile that `If-Match` names. Strong comparison (section 13.1.1): a weak
 * tag, another user's and what is no tag at all match nothing.
 * @returns undefined where any version will do: without the header, and for `*`.
 */
export function versionsIn(ifMatch: string | undefined, userId: string): number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') {
    return undefined;
  }
  const prefix = `"${userId}.`;
  return tagsOf(ifMatch)
    .filter(({ weak, tag }) => !weak && tag.startsWith(prefix))
    .map(({ tag }) => Number(tag.slice(prefix.length, -1)))
    .filter((version) => Number.isSafeInteger(version) && version > 0 && version < 2 ** 31);
}

function tagsOf(header = ''): { weak: boolean; tag: string }[] {
  return [...header.matchAll(ENTITY_TAG)].map(([, weak, opaque]) => ({
    weak: weak !== undefined,
    tag: `"${opaque ?? ''}"`,
  }));
}
