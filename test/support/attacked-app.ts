import { startTestApp, type TestApp, type TestAppOptions } from './app';

/** A service that may introspect tokens, as HTTP Basic has it. */
export const SERVICE = 'attacked:a long random secret';

/** As little as argon2 will do. */
const ARGON2 = { memoryKib: 1024, passes: 2, parallelism: 1 };

/** The application for suites that send more, and worse, than any client would. */
export function startAttackedApp({ env, ...more }: TestAppOptions = {}): Promise<TestApp> {
  const ours = {
    // It would answer in the place of what the attacks are aimed at.
    RATE_LIMIT: 'off',
    INTROSPECTION_CLIENTS: SERVICE,
  };
  return startTestApp({ env: { ...ours, ...env }, argon2: ARGON2, ...more });
}
