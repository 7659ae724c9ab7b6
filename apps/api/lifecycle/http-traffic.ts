import type { ServerResponse } from 'node:http';
import { Server as Listener, type Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { waitingBehind } from '../http/one-turn';
import { UnreadBodies } from '../http/unread-bodies';

/**
 * The connections and requests of the listener, and their end: first every answer closes its connection while all
 * requests are still served; then the listener closes and requests in flight are finished.
 */
@Injectable()
export class HttpTraffic {
  /** The open connections, each with the answers that are not sent completely. */
  private readonly connections = new Map<Socket, ServerResponse[]>();
  private fastify: FastifyInstance | undefined;
  private ending = false;
  private whenAnswered: (() => void) | undefined;
  private readonly endless: (() => void)[] = [];
  private closed = false;

  constructor(private readonly unreadBodies: UnreadBodies) {}

  /** Whether the process is draining: new requests should go to another instance. */
  get isEnding(): boolean {
    return this.ending;
  }

  /** Whether only requests in flight are still answered. */
  get isClosed(): boolean {
    return this.closed;
  }

  get openConnections(): number {
    return this.connections.size;
  }

  get openRequests(): number {
    return this.openAnswers().length;
  }

  /** Registers what ends answers that end on no other occasion. Call it before the application starts. */
  onEnd(listener: () => void): void {
    this.endless.push(listener);
  }

  /** Called once, before the listener opens. */
  watch(fastify: FastifyInstance): void {
    this.fastify = fastify;
    this.unreadBodies.watch(fastify);
    fastify.addHook('onRequest', (_request, { raw }, done) => {
      this.follow(raw);
      done();
    });
    fastify.server.on('connection', (socket: Socket) => this.answersOf(socket));
  }

  /** From now on every answer closes its connection, so that the client connects to another instance next. */
  drain(): void {
    this.ending = true;
    for (const answers of this.connections.values()) {
      const begun = answers.at(-1);
      // Of the answers that queue on one connection only the last may close it.
      const last = begun && (waitingBehind(begun.req).at(-1) ?? begun);
      if (last) {
        closeConnection(last);
      }
    }
  }

  /** Closes the listener and idle connections; resolves when every request has its answer. */
  async end(): Promise<void> {
    this.drain();
    this.closed = true;
    this.unreadBodies.end();
    this.endless.forEach((end) => end());
    const server = this.fastify?.server;
    if (!server) {
      return;
    }
    const closed = new Promise<void>((resolve) => {
      // Closes the listener alone: HTTP's own close would cut off answers that are half sent. A reach (decision 0038):
      // the method is documented, calling it past the subclass is not.
      Listener.prototype.close.call(server, () => resolve());
    });
    this.whenAnswered = () => this.closeIdleConnections();
    this.closeIdleConnections();
    await closed;
    await this.allAnswered();
  }

  private follow(answer: ServerResponse): void {
    const answers = this.answersOf(answer.req.socket);
    answers.push(answer);
    answer.on('close', () => {
      answers.splice(answers.indexOf(answer), 1);
      this.whenAnswered?.();
    });
    // A response that waited behind it when draining began may be the one that closes the connection.
    if (this.ending && !waitingBehind(answer.req).some((next) => next.hasHeader('connection'))) {
      closeConnection(answer);
    }
  }

  /** Of a connection that is kept alive. */
  private answersOf(socket: Socket): ServerResponse[] {
    const known = this.connections.get(socket);
    if (known) {
      return known;
    }
    const answers: ServerResponse[] = [];
    this.connections.set(socket, answers);
    socket.once('close', () => this.connections.delete(socket));
    return answers;
  }

  private openAnswers(): ServerResponse[] {
    return [...this.connections.values()].flat();
  }

  /** As Node's `closeIdleConnections`, with the two cases that Node judges wrongly. */
  private closeIdleConnections(): void {
    // An answer that a slow client has not read yet: Node takes it for complete, and the connection for idle.
    if (!this.openAnswers().some((answer) => answer.writableEnded)) {
      this.fastify?.server.closeIdleConnections();
    }
    // A connection without any request so far: Node takes it for busy.
    [...this.connections.keys()]
      .filter(({ bytesRead }) => bytesRead === 0)
      .forEach((socket) => socket.destroy());
  }

  /** With HOST=localhost Fastify has a second listener, for IPv6, and tracks its connections. */
  private async allAnswered(): Promise<void> {
    while (this.openRequests > 0) {
      await new Promise<void>((resolve) => {
        this.whenAnswered = resolve;
      });
    }
  }
}

function closeConnection(answer: ServerResponse): void {
  if (!answer.headersSent) {
    answer.setHeader('connection', 'close');
  }
}
