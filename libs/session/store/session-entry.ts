import type { Session } from '../session';
import type { SessionAttributes } from '../session-attributes';

const USUAL_ROLE = 'user';
const USUAL_AMR = 'pwd';
const EXPIRY_DIGITS = 8;

/** The details of a session as JSON, with short names. */
interface EntryDetails {
  /** `authenticatedAtMs`. */
  t: number | undefined;
  /** `amr`, separated by spaces; absent: `pwd`. */
  m?: string | undefined;
  a?: SessionAttributes | undefined;
}

/**
 * Parses a value of the sessions hash: the instant at which it counts as expired, eight digits of base 36, Unix time in
 * ms; the generation, base 36; then, each with a `|` before it and only as far as needed: the role; the expiry, if the
 * first instant is that of the idle time-out; the version of the details, base 36; the details. Short, because there is
 * one for each session: role, idle time-out and details of most sessions are not there. Text, because `verify` returns
 * it unchanged.
 */
export function decodeEntry(userId: string, sessionId: string, entry: string): Session {
  const roleAt = entry.indexOf('|');
  const numbers = roleAt < 0 ? entry : entry.slice(0, roleAt);
  const session: Session = {
    id: sessionId,
    userId,
    role: USUAL_ROLE,
    generation: parseInt(numbers.slice(EXPIRY_DIGITS), 36),
    expiresAtMs: parseInt(numbers.slice(0, EXPIRY_DIGITS), 36),
  };
  if (roleAt >= 0) {
    decodeRest(session, entry.slice(roleAt + 1));
  }
  return session;
}

function decodeRest(session: Session, rest: string): void {
  const [role = USUAL_ROLE, expiry = '', version = '', ...details] = rest.split('|');
  session.role = role;
  if (expiry !== '') {
    session.idleAtMs = session.expiresAtMs;
    session.expiresAtMs = parseInt(expiry, 36);
  }
  const json = details.join('|');
  if (json !== '') {
    const { t, m = USUAL_AMR, a } = JSON.parse(json) as EntryDetails;
    session.detailsVersion = parseInt(version, 36);
    session.authenticatedAtMs = t;
    session.amr = m.split(' ');
    if (a !== undefined) {
      session.attributes = a;
    }
  }
}

/** @returns an empty text for a session whose details are those of its sign-in. */
export function encodeDetails({
  detailsVersion = 0,
  authenticatedAtMs,
  amr = [USUAL_AMR],
  attributes,
}: Session): string {
  if (detailsVersion === 0) {
    return '';
  }
  const methods = amr.join(' ');
  const details: EntryDetails = {
    t: authenticatedAtMs,
    m: methods === USUAL_AMR ? undefined : methods,
    a: attributes,
  };
  return JSON.stringify(details);
}
