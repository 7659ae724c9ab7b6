import { PROFILE_FIELDS, type Profile, type VersionedProfile } from './profile';

/** The JSON that is cached: the allowed fields and nothing else. */
export function encodeProfile(profile: Profile): string {
  return JSON.stringify(profile, [...PROFILE_FIELDS]);
}

/** Reads a cache entry; null for no entry and for a fence. */
export function decodeEntry(entry: string | null): VersionedProfile | null {
  if (!entry) {
    return null;
  }
  const colon = entry.indexOf(':');
  const json = entry.slice(colon + 1);
  if (json === '') {
    return null;
  }
  return { version: Number(entry.slice(0, colon)), profile: JSON.parse(json) as Profile };
}
