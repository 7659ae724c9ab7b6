import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createParser } from 'eventsource-parser';
import { readMessage, type StreamMessage } from './stream-message.js';

/** Why a response of the stream ended. */
export class StreamEndedError extends Error {
  readonly retryAfterSeconds: number;
  /** The issuer asked for a new connection. */
  readonly isAskedFor: boolean;

  constructor(message: string, { retryAfterSeconds = 0, isAskedFor = false } = {}) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.isAskedFor = isAskedFor;
  }
}

/**
 * One request of the stream. It uses `node:http`, because `fetch` hides the socket: an open stream must not keep a process
 * alive that has nothing else to do.
 * @param onOpen is called when the issuer has accepted the request
 * @param onMessage is called for each event, in order, and not after the abort of the signal
 * @throws StreamEndedError when the response has ended, or none came; never returns
 */
export async function readStream(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  onOpen: () => void,
  onMessage: (message: StreamMessage) => void,
): Promise<never> {
  const response = await responseOf(url, headers, signal);
  const { statusCode, headers: fields } = response;
  const isStream = fields['content-type']?.startsWith('text/event-stream') === true;
  if (statusCode !== 200 || !isStream) {
    response.destroy();
    // Another instance may take the next request, but a rate limit is one of all instances.
    const seconds = statusCode === 429 ? Number(fields['retry-after']) : 0;
    throw new StreamEndedError(`the stream answered ${statusCode ?? 'nothing'}`, {
      retryAfterSeconds: seconds || 0,
    });
  }
  onOpen();
  const parser = createParser({
    onEvent: (event) => {
      const message = readMessage(event);
      if (message !== undefined && !signal.aborted) {
        onMessage(message);
      }
    },
  });
  response.setEncoding('utf8');
  return await new Promise<never>((_resolve, reject) => {
    response.on('data', (chunk: string) => parser.feed(chunk));
    response.on('error', (error) => reject(new StreamEndedError(error.message)));
    response.on('close', () => reject(new StreamEndedError('the stream was closed')));
  });
}

async function responseOf(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { headers, signal, agent: false }, resolve);
    request.on('socket', (socket) => socket.unref());
    request.on('error', (error) => reject(new StreamEndedError(error.message)));
    request.end();
  });
}
