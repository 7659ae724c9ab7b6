import { setImmediate as turn } from 'node:timers/promises';
import { TurnBatch } from './turn-batch';

describe('a batch of a turn', () => {
  let asked: number[][];
  let batch: TurnBatch<number, string>;

  beforeEach(() => {
    asked = [];
    batch = new TurnBatch((questions) => {
      asked.push(questions);
      return questions.includes(13)
        ? Promise.reject(new Error('unlucky'))
        : Promise.resolve(questions.map((question) => `answer to ${question}`));
    }, 3);
  });

  it('answers each question with its own answer', async () => {
    expect(await Promise.all([batch.get(1), batch.get(2)])).toEqual(['answer to 1', 'answer to 2']);
    expect(asked).toEqual([[1, 2]]);
  });

  it('lets nobody join who came after it was sent', async () => {
    const first = batch.get(1);
    await turn();
    const second = batch.get(2);
    expect(await Promise.all([first, second])).toEqual(['answer to 1', 'answer to 2']);
    expect(asked).toEqual([[1], [2]]);
  });

  it('is sent at once when it is full, and what comes then goes at the end of the turn', async () => {
    const answers = Promise.all([1, 2, 3, 4].map((question) => batch.get(question)));
    expect(asked).toEqual([[1, 2, 3]]);
    expect(await answers).toHaveLength(4);
    expect(asked).toEqual([[1, 2, 3], [4]]);
  });

  it('of one question is sent at once', async () => {
    const single = new TurnBatch((questions: number[]) => {
      asked.push(questions);
      return Promise.resolve(questions);
    }, 1);
    const answers = [single.get(1), single.get(2)];
    expect(asked).toEqual([[1], [2]]);
    expect(await Promise.all(answers)).toEqual([1, 2]);
  });

  it('fails for all who are in it, and for nobody else', async () => {
    const doomed = await Promise.allSettled([batch.get(13), batch.get(1)]);
    expect(doomed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await batch.get(1)).toBe('answer to 1');
  });
});
