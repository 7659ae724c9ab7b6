import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEMS, type Problem } from '#libs/http';
import { newRequestId } from './request-id';

const STATUS_OF: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Answers a request that Node's HTTP parser has rejected: the only answer written by hand. It closes the connection,
 * because the start of the next request is unknown.
 * @param always headers of every answer.
 * @param isAnswered whether the request that is being read has its answer.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  always: Record<string, string>,
  isAnswered = false,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswered || owesAnswer(socket)) {
    socket.destroy();
    return;
  }
  socket.end(problemMessage(STATUS_OF[error.code ?? ''] ?? 400, always));
}

function problemMessage(status: number, always: Record<string, string>): string {
  const requestId = newRequestId();
  const problem: Problem = {
    type: 'urn:latchkey:problem:malformed_request',
    title: PROBLEMS.malformed_request.title,
    status,
    detail: 'The request could not be read.',
    code: 'malformed_request',
    requestId,
  };
  const body = JSON.stringify(problem);
  const headers = {
    ...always,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    date: new Date().toUTCString(),
    connection: 'close',
  };
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n');
}

/**
 * Whether an earlier request still waits for its answer, or its answer is half sent: an answer written now would be
 * taken for that one, or for a part of it. `_httpMessage` is a reach (decision 0038): Node's own handler uses it, and
 * no documented member names the response of a connection.
 */
function owesAnswer(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  const answer = socket._httpMessage;
  return !!answer && (answer.headersSent || answer.req.complete);
}
