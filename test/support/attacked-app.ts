import { startTestApp, type TestApp, type TestAppOptions } from './app';

/** A service that may introspect tokens, as HTTP Basic has it. */
export const SERVICE = 'attacked:a long random secret';

/** The application for suites that send more, and worse, requests than any client would. */
export function startAttackedApp({ env, ...more }: TestAppOptions = {}): Promise<TestApp> {
  return startTestApp({
    env: {
      INTROSPECTION_CLIENTS: SERVICE,
      PUBLIC_URL: 'https://auth.example.com',
      COOKIES: 'on',
      ...env,
    },
    ...more,
  });
}
