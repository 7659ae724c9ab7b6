import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Requests that wait on one connection before the server reads no more of it. */
export const MAX_WAITING = 16;

/** Responses whose requests wait, in their order, by connection. Empty for clients that do not pipeline. */
const waiting = new WeakMap<Socket, ServerResponse[]>();

/**
 * Handles one request of a connection at a time, and the next one in a later turn of the event loop. Node parses up
 * to 64 KiB at once and emits every request in them, some thousands, before it looks at another connection; and it
 * reads on. So without this, a client that pipelines (RFC 9112 section 9.3.2) stops all others. To be called before
 * the listener opens.
 */
export function handleInTurns(fastify: FastifyInstance): void {
  // Fastify's own listener does nothing but this: to route a request at once.
  fastify.server.removeAllListeners('request').on('request', (request, response) => {
    // Node gives a response its connection when those before it have been sent.
    if (response.socket) {
      fastify.routing(request, response);
    } else {
      wait(request, response, () => fastify.routing(request, response));
    }
  });
}

/** Responses of requests that wait on the same connection, in their order. */
export function waitingBehind({ socket }: IncomingMessage): readonly ServerResponse[] {
  return waiting.get(socket) ?? [];
}

function wait({ socket }: IncomingMessage, response: ServerResponse, start: () => void): void {
  const queue = waiting.get(socket) ?? newQueue(socket);
  queue.push(response);
  pauseIfFull(socket, queue);
  // What is traced or logged must not name the request that was answered last.
  const startInOwnContext = AsyncResource.bind(() => {
    if (socket.writable) {
      start();
    }
  });
  response.once('socket', () => {
    queue.shift();
    if (queue.length === MAX_WAITING) {
      socket.resume();
    }
    setImmediate(startInOwnContext);
  });
}

function newQueue(socket: Socket): ServerResponse[] {
  const queue: ServerResponse[] = [];
  waiting.set(socket, queue);
  // Node resumes the connection after each answer.
  socket.on('resume', () => pauseIfFull(socket, queue));
  return queue;
}

function pauseIfFull(socket: Socket, queue: readonly ServerResponse[]): void {
  if (queue.length > MAX_WAITING) {
    socket.pause();
  }
}
