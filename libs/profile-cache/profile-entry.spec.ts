import { decodeEntry, encodeProfile } from './profile-entry';
import type { Profile } from './profile';

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

  it('read a fence and an absent entry as nothing', () => {
    expect(decodeEntry('3:12:', '3')).toBeNull();
    expect(decodeEntry(null, '3')).toBeNull();
  });

  it('read an entry of another era as nothing', () => {
    for (const era of ['2', '31', '']) {
      expect(decodeEntry(`3:12:${encodeProfile(profile)}`, era)).toBeNull();
    }
  });
});
