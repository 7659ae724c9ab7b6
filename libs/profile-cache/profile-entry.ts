import { PROFILE_FIELDS, type Profile, type VersionedProfile } from './profile';

/**
 * Marks how the values after it are to be read. To be changed with `PROFILE_FIELDS`: servers of two
 * releases that share a Redis then do not misread each other's entries.
 */
export const PROFILE_FORMAT = '1';

/** What is cached: the values of the allowed fields, in their order, and nothing else. */
export function encodeProfile(profile: Profile): string {
  return PROFILE_FORMAT + JSON.stringify(PROFILE_FIELDS.map((field) => profile[field]));
}

/**
 * Reads a cache entry; what follows the profile is a mark of the statistics. Null for no entry, a
 * fence, a lease, another era and another format.
 */
export function decodeEntry(entry: string | null, era: string): VersionedProfile | null {
  if (!entry?.startsWith(`${era}:`)) {
    return null;
  }
  const colon = entry.indexOf(':', era.length + 1);
  if (entry[colon + 1] !== PROFILE_FORMAT) {
    return null;
  }
  const values = JSON.parse(entry.slice(colon + 2, entry.lastIndexOf(']') + 1)) as unknown[];
  return { version: Number(entry.slice(era.length + 1, colon)), profile: profileOf(values) };
}

/** Called for every hit: a loop over the fields, without an array of pairs in between. */
function profileOf(values: readonly unknown[]): Profile {
  const profile: Record<string, unknown> = {};
  let index = 0;
  for (const field of PROFILE_FIELDS) {
    profile[field] = values[index];
    index += 1;
  }
  return profile as unknown as Profile;
}
