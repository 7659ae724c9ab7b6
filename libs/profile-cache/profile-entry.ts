import { PROFILE_FIELDS, type Profile, type VersionedProfile } from './profile';

/** The JSON that is cached: the allowed fields and nothing else. */
export function encodeProfile(profile: Profile): string {
  return JSON.stringify(profile, [...PROFILE_FIELDS]);
}

/** Reads a cache entry; null for no entry, for a fence, and for one of another era. */
export function decodeEntry(entry: string | null, era: string): VersionedProfile | null {
  if (!entry?.startsWith(`${era}:`)) {
    return null;
  }
  const colon = entry.indexOf(':', era.length + 1);
  const json = entry.slice(colon + 1);
  if (json === '') {
    return null;
  }
  return {
    version: Number(entry.slice(era.length + 1, colon)),
    profile: JSON.parse(json) as Profile,
  };
}
