import DataLoader from 'dataloader';
import { outsideRequest } from './request-context';

/**
 * Combines all questions of one turn of the event loop into one batch, at the end of the turn: under load many
 * questions share a round trip, and a single question does not wait. Caches nothing.
 * @param ask returns the answers in the order of the questions, or an error for some; if it rejects, that is for all of them.
 * @param maxBatchSize questions per batch.
 */
export function turnLoader<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly (Answer | Error)[]>,
  maxBatchSize: number,
): DataLoader<Question, Answer> {
  return new DataLoader(ask, {
    cache: false,
    maxBatchSize,
    // A batch for many requests belongs to none of them.
    batchScheduleFn: (send) => outsideRequest(() => setImmediate(send)),
  });
}
