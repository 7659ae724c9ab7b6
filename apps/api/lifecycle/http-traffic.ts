import type { ServerResponse } from 'node:http';
import { Server as Listener, type Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { waitingBehind } from '../http/one-turn';
import { UnreadBodies } from '../http/unread-bodies';
import { OpenAnswers } from './open-answers';

/**
 * What goes on at the listener, and how it ends: first clients are told to go elsewhere while everything
 * is still served; then nothing new is taken, and what is under way is finished.
 */
@Injectable()
export class HttpTraffic {
  private readonly answers = new OpenAnswers();
  private readonly sockets = new Set<Socket>();
  private fastify: FastifyInstance | undefined;
  private ending = false;
  private whenAnswered: (() => void) | undefined;
  /** The same for all answers, which emit it once: a listener of its own for each would be garbage. */
  private readonly onClose: (this: ServerResponse) => void;

  constructor(private readonly unreadBodies: UnreadBodies) {
    const remove = (answer: ServerResponse) => {
      this.answers.delete(answer);
      this.whenAnswered?.();
    };
    this.onClose = function () {
      remove(this);
    };
  }

  /** Whether new requests had better go to another process. */
  get isEnding(): boolean {
    return this.ending;
  }

  get openConnections(): number {
    return this.sockets.size;
  }

  get openRequests(): number {
    return this.answers.count;
  }

  /** Called once, before the listener opens. */
  watch(fastify: FastifyInstance): void {
    this.fastify = fastify;
    this.unreadBodies.watch(fastify);
    fastify.addHook('onRequest', (_request, { raw }, done) => {
      this.follow(raw);
      done();
    });
    fastify.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** From now on every answer closes its connection, so that the client opens the next one elsewhere. */
  drain(): void {
    this.ending = true;
    // Of the answers that queue on one connection only the last may close it.
    const last = new Map(
      this.answers
        .inOrder()
        .map((answer) => [answer.req.socket, waitingBehind(answer.req).at(-1) ?? answer]),
    );
    last.forEach(closeConnection);
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
      // The listener alone: HTTP's own close would cut off answers that are half sent.
      Listener.prototype.close.call(server, () => resolve());
    });
    this.whenAnswered = () => this.closeIdleConnections();
    this.closeIdleConnections();
    await closed;
    await this.allAnswered();
  }

  private follow(answer: ServerResponse): void {
    this.answers.add(answer);
    answer.on('close', this.onClose);
    // One that waited behind it when the end was announced may be the one that closes the connection.
    if (this.ending && !waitingBehind(answer.req).some((next) => next.hasHeader('connection'))) {
      closeConnection(answer);
    }
  }

  /** As Node does, but for what it overlooks on either side. */
  private closeIdleConnections(): void {
    // An answer that a slow client has yet to read is complete to Node, and its connection idle.
    if (!this.answers.inOrder().some((answer) => answer.writableEnded)) {
      this.fastify?.server.closeIdleConnections();
    }
    // A connection over which nothing was ever said is busy to Node.
    [...this.sockets]
      .filter(({ bytesRead }) => bytesRead === 0)
      .forEach((socket) => socket.destroy());
  }

  /** With HOST=localhost there is a second listener, for IPv6, whose connections Fastify keeps. */
  private async allAnswered(): Promise<void> {
    while (this.answers.count > 0) {
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
