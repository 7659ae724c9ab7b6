import { decodeEntry, encodeProfile } from './profile-entry';
import { PROFILE_FIELDS, type Profile } from './profile';

const profile: Profile = {
  id: '3f2b8c1e-0000-4000-8000-000000000001',
  email: 'ada@example.com',
  displayName: 'Ada: Countess',
  bio: null,
  avatarUrl: null,
  role: 'user',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};

describe('profile entries', () => {
  it('come back as they went in', () => {
    expect(decodeEntry(`3:12:${encodeProfile(profile)}`, '3')).toEqual({ version: 12, profile });
  });

  it('drop every field that is not allowed', () => {
    const leaky = { ...profile, passwordHash: '$argon2id$secret' };
    expect(encodeProfile(leaky)).toBe(encodeProfile(profile));
  });

  it('hold no names of fields', () => {
    for (const field of PROFILE_FIELDS) {
      expect(encodeProfile({ ...profile, role: 'r', email: 'e', id: 'i' })).not.toContain(field);
    }
  });

  it('read a fence, a lease and an absent entry as nothing', () => {
    for (const entry of ['3:12:', '3:12:~lease', '3:0:~1', null]) {
      expect(decodeEntry(entry, '3')).toBeNull();
    }
  });

  it('read an entry of another epoch, or of another format, as nothing', () => {
    for (const epoch of ['2', '31', '']) {
      expect(decodeEntry(`3:12:${encodeProfile(profile)}`, epoch)).toBeNull();
    }
    expect(decodeEntry('3:12:2["x"]', '3')).toBeNull();
  });
});
