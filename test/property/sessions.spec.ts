import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app';
import { lasting } from '../support/long-tests';
import { History } from './history';
import { operation } from './operation';
import { MODEL_SETTINGS } from './session-model';

/** `size: max` because the default keeps to some ten steps, too few to reach an absolute lifetime. */
const histories = fc.array(operation, { minLength: 5, maxLength: 25, size: 'max' });

/** Shorter than some pauses of a history, and than the life of a session. */
const IDLE_HOURS = 15;

describe('random histories', () => {
  let app: TestApp;
  let idle: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: MODEL_SETTINGS });
    idle = await startTestApp({
      beside: app,
      env: { ...MODEL_SETTINGS, SESSION_IDLE_TIMEOUT: `${IDLE_HOURS}h` },
    });
  });

  afterAll(async () => {
    await idle.close();
    await app.close();
  });

  it.each([
    ['of several users and devices', () => new History(app), lasting(12, 400)],
    ['with an idle time-out', () => new History(idle, IDLE_HOURS * 3_600_000), lasting(4, 150)],
  ])(
    '%s: the service accepts the tokens that a simple model accepts',
    async (_of, start, numRuns) => {
      // On a failure fast-check prints the seed, the path and the shortest history that fails.
      await fc.assert(
        fc.asyncProperty(histories, (operations) => start().run(operations)),
        { numRuns },
      );
    },
    lasting(300_000, 1_800_000),
  );
});
