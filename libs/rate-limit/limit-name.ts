/**
 * The subject of a limit. `account`: one account from one address; `address`: one address; `token`: one refresh token;
 * `user`: one signed-in user.
 */
export const LIMIT_NAMES = ['account', 'address', 'token', 'user'] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];
