import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Requests that wait on one connection before the server stops reading from it. */
export const MAX_WAITING = 16;

/** Responses whose requests wait, in order, by connection. Empty for clients that do not pipeline. */
const waiting = new WeakMap<Socket, ServerResponse[]>();

/**
 * Handles one request of a connection at a time, and the next in a later turn of the event loop. Node parses up to 64
 * KiB at once and emits all requests in them, several thousand, before it serves another connection. So without this, a
 * client that pipelines (RFC 9112 section 9.3.2) blocks all others. Call it before the listener opens.
 */
export function handleInTurns(fastify: FastifyInstance): void {
  // Fastify's own listener only routes a request immediately.
  fastify.server.removeAllListeners('request').on('request', (request, response) => {
    // Node assigns the connection to a response once the earlier ones have been sent.
    if (response.socket) {
      fastify.routing(request, response);
    } else {
      wait(request, response, () => fastify.routing(request, response));
    }
  });
}

/** Responses of requests that wait on the same connection, in order. */
export function waitingBehind({ socket }: IncomingMessage): readonly ServerResponse[] {
  return waiting.get(socket) ?? [];
}

function wait({ socket }: IncomingMessage, response: ServerResponse, start: () => void): void {
  const queue = waiting.get(socket) ?? newQueue(socket);
  queue.push(response);
  pauseIfFull(socket, queue);
  // Traces and log lines must not name the request that was answered last.
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
