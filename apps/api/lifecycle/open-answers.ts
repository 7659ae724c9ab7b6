import type { ServerResponse } from 'node:http';

const ENTRY = Symbol('entry among the open answers');

type Entered = ServerResponse & { [ENTRY]?: { place: number; order: number } | undefined };

/**
 * Answers that have not been sent to the last byte. An array whose gaps are filled from its end: a Set
 * that grows and shrinks all the time leaves tables behind that keep answers, and all that hangs on them,
 * for the garbage collector to copy.
 */
export class OpenAnswers {
  private readonly answers: Entered[] = [];
  private entered = 0;

  get count(): number {
    return this.answers.length;
  }

  /** The first to be added comes first. */
  inOrder(): ServerResponse[] {
    return [...this.answers].sort((one, other) => orderOf(one) - orderOf(other));
  }

  add(answer: Entered): void {
    this.entered += 1;
    answer[ENTRY] = { place: this.answers.push(answer) - 1, order: this.entered };
  }

  /** Does nothing where it is not there. */
  delete(answer: Entered): void {
    const entry = answer[ENTRY];
    const last = this.answers.at(-1);
    if (!entry || !last?.[ENTRY]) {
      return;
    }
    this.answers[entry.place] = last;
    last[ENTRY].place = entry.place;
    this.answers.pop();
    answer[ENTRY] = undefined;
  }
}

function orderOf(answer: Entered): number {
  return answer[ENTRY]?.order ?? 0;
}
