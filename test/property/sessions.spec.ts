import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app';
import { lasting } from '../support/long-tests';
import { History } from './history';
import { operation } from './operation';

/** `size: max` because the default keeps to some ten steps, too few to reach an absolute lifetime. */
const histories = fc.array(operation, { minLength: 5, maxLength: 25, size: 'max' });

describe('random histories', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { SESSION_MAX_LIFETIME: '3d' } });
  });

  afterAll(async () => {
    await app.close();
  });

  it(
    'of several users and devices: the service accepts the tokens that a simple model accepts',
    async () => {
      // On a failure fast-check prints the seed, the path and the shortest history that fails.
      await fc.assert(
        fc.asyncProperty(histories, (operations) => new History(app).run(operations)),
        { numRuns: lasting(15, 500) },
      );
    },
    lasting(300_000, 1_800_000),
  );
});
