import fc from 'fast-check';

/** One step of a history. Numbers choose among what exists at that moment. */
export type Operation =
  | { do: 'register' }
  | { do: 'login'; user: number; wrongPassword: boolean; remember: boolean }
  | { do: 'refresh'; session: number; token: number }
  | { do: 'logout' | 'logout-all' | 'revoke-others'; session: number; token: number }
  | { do: 'reauthenticate'; session: number; token: number; wrongPassword: boolean }
  | { do: 'set-attribute'; session: number; value: number }
  | { do: 'lose-redis' }
  | { do: 'revoke-one'; session: number; token: number; target: number }
  | { do: 'change-password'; session: number; token: number }
  | { do: 'revoke-by-administrator'; session: number }
  | { do: 'change-account'; user: number; change: AccountChange }
  | { do: 'wait'; hours: number }
  | { do: 'keep-alive'; session: number; times: number };

export const ACCOUNT_CHANGES = [
  'promote',
  'demote',
  'disable',
  'disable-12-hours',
  'enable',
] as const;
export type AccountChange = (typeof ACCOUNT_CHANGES)[number];

/** Mostly the newest: a history with few sessions reaches further with each. */
const index = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 1 }) },
  { weight: 1, arbitrary: fc.nat({ max: 50 }) },
);

const rarely = fc.nat({ max: 4 }).map((one) => one === 4);

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('register' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('login' as const),
      user: index,
      wrongPassword: rarely,
      remember: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('reauthenticate' as const),
      session: index,
      token: index,
      wrongPassword: rarely,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('set-attribute' as const),
      session: index,
      value: fc.nat({ max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-redis' as const) }) },
  {
    weight: 7,
    arbitrary: fc.record({ do: fc.constant('refresh' as const), session: index, token: index }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('logout' as const, 'logout-all' as const, 'revoke-others' as const),
      session: index,
      token: index,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('revoke-one' as const),
      session: index,
      token: index,
      target: index,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('change-password' as const),
      session: index,
      token: index,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('change-account' as const),
      user: index,
      change: fc.constantFrom(...ACCOUNT_CHANGES),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('revoke-by-administrator' as const), session: index }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('keep-alive' as const),
      session: index,
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      hours: fc.constantFrom(5, 11, 11, 19, 19, 25),
    }),
  },
);
