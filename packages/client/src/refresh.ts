import { OPERATIONS } from './api-types.js';
import type { AuthResult, Carrier } from './carrier.js';
import { Deadline } from './deadline.js';
import { ApiError, LatchkeyError } from './errors.js';
import { toApiError, type Send } from './exchange.js';
import { sleep, type Time } from './time.js';
import type { Tokens } from './token-storage.js';

/** How a refresh reaches the server. */
export interface RefreshWay {
  send: Send;
  time: Time;
  carrier: Carrier;
}

/**
 * The server gives the same pair again to a client that repeats a refresh within 10 s, and ends the session after that.
 * Repetitions begin this long after the first attempt at the latest, so that slow networks deliver them in time.
 */
const REPEAT_WITHIN_MS = 8_000;
/** An attempt without an answer is given up after this time. */
const ATTEMPT_TIMEOUT_MS = 3_000;
/** Each attempt of the last repetition ends before the server's 10 s. */
const END_MS = 9_500;
/** The first pause; each repetition doubles it. */
const FIRST_PAUSE_MS = 250;

/**
 * Exchanges a refresh token for a new pair. Repeats an attempt without an answer, or with a 429 or 5xx, with the same
 * token, for 8 s at most.
 * @param tokens null where cookies may bring them.
 * @throws ApiError; NetworkError or TimeoutError if the last attempt had no answer: the token may be used or not.
 */
export async function refresh(way: RefreshWay, tokens: Tokens | null): Promise<AuthResult> {
  const { time } = way;
  const startMs = time.nowMs();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    const error = await attempt(way, tokens, startMs);
    if (!(error instanceof LatchkeyError)) {
      return error;
    }
    const waitMs = Math.max(pauseMs, 1_000 * retryAfterSeconds(error));
    if (isFinal(error) || time.nowMs() + waitMs > startMs + REPEAT_WITHIN_MS) {
      throw error;
    }
    await sleep(time, waitMs, new AbortController().signal);
  }
}

/** Codes of the token, and refusals of this request: a repetition gets the same answer. */
function isFinal(error: LatchkeyError): boolean {
  return (
    error instanceof ApiError &&
    error.status < 500 &&
    error.status !== 429 &&
    error.code !== 'unexpected_answer'
  );
}

async function attempt(
  { send, time, carrier }: RefreshWay,
  tokens: Tokens | null,
  startMs: number,
): Promise<AuthResult | LatchkeyError> {
  const leftMs = startMs + END_MS - time.nowMs();
  const deadline = new Deadline(time, Math.min(ATTEMPT_TIMEOUT_MS, leftMs));
  try {
    const input = { body: carrier.refresh(tokens) };
    const { data, ...answer } = await send(OPERATIONS.refresh, input, undefined, deadline.signal);
    return isAuthResult(data, carrier) ? data : toApiError(answer, undefined);
  } catch (error) {
    if (error instanceof LatchkeyError) {
      return error;
    }
    throw error;
  } finally {
    deadline.end();
  }
}

/** A proxy may answer 200 with a page of its own. */
export function isAuthResult(data: unknown, carrier: Carrier): data is AuthResult {
  const result = (data ?? {}) as Partial<AuthResult>;
  return carrier.pairOf(result) !== undefined && typeof result.session?.id === 'string';
}

function retryAfterSeconds(error: LatchkeyError): number {
  return error instanceof ApiError ? (error.retryAfterSeconds ?? 0) : 0;
}
