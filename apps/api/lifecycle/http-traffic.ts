import type { ServerResponse } from 'node:http';
import { Server as Listener, type Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { waitingBehind } from '../http/one-turn';
import { UnreadBodies } from '../http/unread-bodies';

/**
 * What goes on at the listener, and how it ends: first clients are told to go elsewhere while everything
 * is still served; then nothing new is taken, and what is under way is finished.
 */
@Injectable()
export class HttpTraffic {
  /** The open connections, each with its answers that have not been sent to the last byte. */
  private readonly connections = new Map<Socket, ServerResponse[]>();
  private fastify: FastifyInstance | undefined;
  private ending = false;
  private whenAnswered: (() => void) | undefined;

  constructor(private readonly unreadBodies: UnreadBodies) {}

  /** Whether new requests had better go to another process. */
  get isEnding(): boolean {
    return this.ending;
  }

  get openConnections(): number {
    return this.connections.size;
  }

  get openRequests(): number {
    return this.openAnswers().length;
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

  /** From now on every answer closes its connection, so that the client opens the next one elsewhere. */
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
    this.unreadBodies.end();
    const server = this.fastify?.server;
    if (!server) {
      return;
    }
    const closed = new Promise<void>((resolve) => {
      // The listener alone: HTTP's own close would cut off answers that are half sent. A reach (decision 0038): the
      // method is documented, calling it past the subclass is not.
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
    // One that waited behind it when the end was announced may be the one that closes the connection.
    if (this.ending && !waitingBehind(answer.req).some((next) => next.hasHeader('connection'))) {
      closeConnection(answer);
    }
  }

  /** Of a connection that is open until it says otherwise. */
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

  /** As Node does, but for what it overlooks on either side. */
  private closeIdleConnections(): void {
    // An answer that a slow client has yet to read is complete to Node, and its connection idle.
    if (!this.openAnswers().some((answer) => answer.writableEnded)) {
      this.fastify?.server.closeIdleConnections();
    }
    // A connection over which nothing was ever said is busy to Node.
    [...this.connections.keys()]
      .filter(({ bytesRead }) => bytesRead === 0)
      .forEach((socket) => socket.destroy());
  }

  /** With HOST=localhost there is a second listener, for IPv6, whose connections Fastify keeps. */
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
