import { logOutput } from './log-output';

describe('the output of the log', () => {
  it('is standard output, as it is, for JSON', async () => {
    expect(await logOutput('json')).toHaveProperty('flushSync');
  });

  it('goes through pino-pretty for people', async () => {
    expect(await logOutput('pretty')).not.toHaveProperty('flushSync');
  });

  it('is JSON for people too where pino-pretty is not installed', async () => {
    await jest.isolateModulesAsync(async () => {
      jest.doMock('pino-pretty', () => {
        throw new Error("Cannot find module 'pino-pretty'");
      });
      const isolated = jest.requireActual<typeof import('./log-output')>('./log-output');
      expect(await isolated.logOutput('pretty')).toHaveProperty('flushSync');
    });
    jest.dontMock('pino-pretty');
  });
});
