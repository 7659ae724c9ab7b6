import type { RecordedRequest } from './history';

/** The promises that a history is held to. */
export type Rule =
  /** A session that was ended by an answered request is dead everywhere from then on. */
  | 'revoked-stays-revoked'
  /** A session that nobody ended is never refused. */
  | 'alive-stays-alive'
  /** What cannot be confirmed is 503, only while it cannot be, and nothing else ever fails. */
  | 'unsure-means-no'
  /** A profile that was written is never hidden by an older one. */
  | 'written-stays-visible'
  /** A changed password is dead, the new one opens. */
  | 'password-changed';

export interface Violation {
  rule: Rule;
  /** Names the requests that contradict each other. */
  sentence: string;
  requests: RecordedRequest[];
}
