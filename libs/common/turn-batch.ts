import { outsideRequest } from './request-context';

interface Waiting<Question, Answer> {
  question: Question;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/**
 * Asks what was asked within one turn of the event loop in one go, at its end: under load a round trip
 * is shared by many, and who asks alone does not wait.
 */
export class TurnBatch<Question, Answer> {
  private waiting: Waiting<Question, Answer>[] = [];

  /**
   * @param ask answers in the order of the questions; what it throws goes to all who asked.
   * @param maxSize questions that go at once at most.
   */
  constructor(
    private readonly ask: (questions: Question[]) => Promise<readonly Answer[]>,
    private readonly maxSize: number,
  ) {}

  get(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ question, resolve, reject });
      if (this.waiting.length >= this.maxSize) {
        this.flush();
      } else if (this.waiting.length === 1) {
        // What is asked for many belongs to none of their requests.
        outsideRequest(() => setImmediate(() => this.flush()));
      }
    });
  }

  private flush(): void {
    const batch = this.waiting;
    this.waiting = [];
    if (batch.length === 0) {
      return;
    }
    this.ask(batch.map(({ question }) => question)).then(
      (answers) => batch.forEach(({ resolve }, index) => resolve(answers[index] as Answer)),
      (error: unknown) => batch.forEach(({ reject }) => reject(error)),
    );
  }
}
