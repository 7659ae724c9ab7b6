import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEMS, type Problem } from '#libs/http';
import { newRequestId } from './request-id';

const STATUS_OF: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Answers what Node's HTTP parser gave up on, before there was a request: the only answer that has
 * to be written by hand. The connection is closed, for nobody knows where a next request begins.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || owesAnswer(socket)) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  const requestId = newRequestId();
  const problem: Problem = {
    type: 'urn:latchkey:problem:malformed_json',
    title: PROBLEMS.malformed_json.title,
    status,
    detail: 'The request could not be read.',
    code: 'malformed_json',
    requestId,
  };
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/**
 * Whether an earlier request has yet to be answered, or its answer is half sent: what we wrote now would
 * be taken for that answer, or for a part of it. By the member that Node's own handler goes by.
 */
function owesAnswer(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  const answer = socket._httpMessage;
  return !!answer && (answer.headersSent || answer.req.complete);
}
