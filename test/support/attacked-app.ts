import { startTestApp, type TestApp, type TestAppOptions } from './app';

/** What would answer an attack or a flood of inputs in the place of what they are aimed at. */
const OUT_OF_THE_WAY = { RATE_LIMIT: 'off' };

/** The application for suites that send more, and worse, than any client would. */
export function startAttackedApp({ env, ...more }: TestAppOptions = {}): Promise<TestApp> {
  return startTestApp({ env: { ...OUT_OF_THE_WAY, ...env }, ...more });
}
