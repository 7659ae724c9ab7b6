import type { Operation } from './calls.js';
import type { Deadline } from './deadline.js';
import { ApiError } from './errors.js';
import type { Answer, Input } from './exchange.js';
import type { RefreshWay } from './refresh.js';
import { retryPauseMs } from './retry.js';
import type { SessionTokens } from './session-tokens.js';
import { orAborted, sleep } from './time.js';
import type { Tokens } from './token-storage.js';

/** Sends calls with the tokens of the session, and repeats those that may be repeated. */
export class AuthorizedCalls {
  constructor(
    private readonly way: RefreshWay,
    private readonly tokens: SessionTokens,
  ) {}

  /** Sends a call with a token that is valid, and once more if the server finds it expired. */
  async send(operation: Operation, input: Input, deadline: Deadline): Promise<Answer> {
    const { signal } = deadline;
    const tokens = operation.bearer ? await orAborted(this.tokens.fresh(), signal) : null;
    try {
      const answer = await this.retried(operation, input, tokens, deadline);
      if (operation.bearer && !tokens) {
        await this.tokens.adopt();
      }
      return answer;
    } catch (error) {
      const isExpired = error instanceof ApiError && error.code === 'token_expired';
      const mayRenew = isExpired && operation.bearer && (tokens ?? this.way.carrier.isAmbient);
      const renewed = mayRenew ? await orAborted(this.tokens.renew(tokens), signal) : null;
      if (!renewed) {
        throw error;
      }
      return this.retried(operation, input, renewed, deadline);
    }
  }

  /** Sends a call, and again after the time in `Retry-After` where a repetition is safe. */
  private async retried(
    operation: Operation,
    input: Input,
    tokens: Tokens | null,
    deadline: Deadline,
  ): Promise<Answer> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.way.send(operation, input, tokens?.accessToken, deadline.signal);
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        if (tokens && error.code !== 'token_expired') {
          await this.tokens.endIfRefused(error, tokens);
        }
        const pauseMs = retryPauseMs(operation, error, retries);
        if (pauseMs === undefined || pauseMs >= deadline.remainingMs) {
          throw error;
        }
        await sleep(this.way.time, pauseMs, deadline.signal);
      }
    }
  }
}
