/**
 * What is limited. `account`: one account from one address; `address`: one address; `global`: everybody.
 */
export const LIMIT_NAMES = ['account', 'address', 'global'] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];
