/** Bytes of the JSON that every row answers with. */
export const PROFILE_BYTES = 310;

/**
 * The profile of a user of the bench, in the form and length of Latchkey's.
 * @param {number} user from 0 to 99
 */
export function profileOf(user) {
  const number = String(user).padStart(2, '0');
  const profile = {
    id: `3f2b8c1e-5a8e-4a37-9b1f-0d8a0f2f7c${number}`,
    email: `user${number}@example.com`,
    displayName: `User ${number}`,
    bio: '',
    avatarUrl: null,
    role: 'user',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  };
  const missing = PROFILE_BYTES - JSON.stringify(profile).length;
  return { ...profile, bio: 'x'.repeat(missing) };
}

/** @param {number} user */
export const passwordOf = (user) => `nine brass kettles ${user}`;
