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

/** Whether the entry was written in the epoch; otherwise it says nothing. */
export function isOfEpoch(entry: string, epoch: string): boolean {
  return entry.startsWith(`${epoch}:`);
}

/** Reads a cache entry. Null for no entry, a fence, a lease, another epoch and another format. */
export function decodeEntry(entry: string | null, epoch: string): VersionedProfile | null {
  if (entry === null || !isOfEpoch(entry, epoch)) {
    return null;
  }
  const colon = entry.indexOf(':', epoch.length + 1);
  if (entry[colon + 1] !== PROFILE_FORMAT) {
    return null;
  }
  const values = JSON.parse(entry.slice(colon + 2)) as unknown[];
  return { version: Number(entry.slice(epoch.length + 1, colon)), profile: profileOf(values) };
}

function profileOf(values: readonly unknown[]): Profile {
  return Object.fromEntries(
    PROFILE_FIELDS.map((field, index) => [field, values[index]]),
  ) as unknown as Profile;
}
