import type { RecordedRequest } from './history';

/** The rules that a history must keep. */
export type Rule =
  /** A session that an answered request ended is refused everywhere from then on. */
  | 'revoked-stays-revoked'
  /** A session that no request ended is never refused. */
  | 'alive-stays-alive'
  /** A session that no store can confirm is answered 503, only while that lasts, and no other request fails. */
  | 'unsure-means-no'
  /** A written profile is never hidden by an older one. */
  | 'written-stays-visible'
  /** After a change the old password is refused, and the new one is accepted. */
  | 'password-changed';

export interface Violation {
  rule: Rule;
  /** Names the contradictory requests. */
  sentence: string;
  requests: RecordedRequest[];
}
