import { setImmediate as turn } from 'node:timers/promises';
import { currentRequest, runInRequest } from './request-context';
import { turnLoader } from './turn-loader';

describe('a loader of a turn', () => {
  const asked: (readonly number[])[] = [];
  const loader = turnLoader((questions: readonly number[]) => {
    asked.push(questions);
    return questions.includes(13)
      ? Promise.reject(new Error('unlucky'))
      : Promise.resolve(questions.map((question) => `answer to ${question}`));
  }, 3);

  beforeEach(() => {
    asked.length = 0;
  });

  it('loads the questions of one turn in one batch', async () => {
    expect(await loader.loadMany([1, 2, 1])).toEqual(['answer to 1', 'answer to 2', 'answer to 1']);
    expect(asked).toEqual([[1, 2, 1]]);
  });

  it('adds nothing to a batch that was sent, and keeps no answer', async () => {
    const first = loader.load(1);
    await turn();
    const second = loader.load(1);
    expect(await Promise.all([first, second])).toEqual(['answer to 1', 'answer to 1']);
    expect(asked).toEqual([[1], [1]]);
  });

  it('splits more questions than a batch may have', async () => {
    expect(await loader.loadMany([1, 2, 3, 4])).toHaveLength(4);
    expect(asked).toEqual([[1, 2, 3], [4]]);
  });

  it('rejects all questions of a batch that failed, and no others', async () => {
    const doomed = await Promise.allSettled([loader.load(13), loader.load(1)]);
    expect(doomed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await loader.load(1)).toBe('answer to 1');
  });

  it('runs a batch outside of the requests that share it', async () => {
    const loaderOfContexts = turnLoader(
      (questions: readonly number[]) => Promise.resolve(questions.map(() => currentRequest())),
      3,
    );
    const context = { requestId: 'a request', origin: () => ({}) };
    const found = await runInRequest(context, (end) => loaderOfContexts.load(1).finally(end));
    expect(found).toBeUndefined();
  });
});
