import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isRefusedAsUnclear } from './message-framing';

declare module 'fastify' {
  interface FastifyInstance {
    unreadBodies: UnreadBodies;
  }
}

/**
 * Reads and drops the rest of a body whose request is answered before the body has arrived, for example one that is
 * refused for its length. Closing the connection instead would lose the answer: the system resets a connection that is
 * closed with unread bytes.
 */
@Injectable()
export class UnreadBodies {
  /** Bytes of one body that are read after its answer. */
  maxBytes = 16 * 1024 * 1024;
  /** Milliseconds that a client has to send them. */
  deadlineMs = 30_000;
  /** Milliseconds without a byte after which the answer is sent. */
  idleMs = 1000;
  /** Ends the reading early, by connection. */
  private readonly reading = new Map<Socket, () => void>();
  private ending = false;

  /** Call it before the routes are added. */
  watch(fastify: FastifyInstance): void {
    fastify.decorate('unreadBodies', { getter: (): UnreadBodies => this });
    fastify.addHook('onSend', (request, reply, _payload, done) => {
      if (isUnread(request.raw)) {
        this.readAround(request, reply, () => done());
      } else {
        done();
      }
    });
  }

  /** Whether a request of this connection has its answer, or is about to have it, and its body is being read. */
  has(socket: Socket): boolean {
    return this.reading.has(socket);
  }

  /**
   * Calls `send` and reads the rest of the body. A refusal that closes the connection is delayed while bytes arrive.
   * Beyond `maxBytes` or `deadlineMs` the connection is closed.
   */
  readAround({ raw }: FastifyRequest, reply: FastifyReply, send: () => void): void {
    // Set at shutdown: see HttpTraffic.
    const closes = !reply.raw.shouldKeepAlive || reply.raw.hasHeader('connection');
    if (reply.statusCode === 413 && !closes) {
      // Fastify would close the connection because of the unread rest.
      reply.removeHeader('connection');
    }
    const isHeld = closes && reply.statusCode >= 400;
    const isUnclear = isRefusedAsUnclear(raw);
    if (this.ending || isUnclear || raw.closed || !isUnread(raw) || (closes && !isHeld)) {
      send();
    } else if (isHeld) {
      this.read(raw, this.idleMs, send);
    } else {
      send();
      this.read(raw, this.deadlineMs, (isWhole) => {
        if (!isWhole) {
          raw.socket.destroySoon();
        }
      });
    }
  }

  /** Stops reading: answers that wait for it are sent, and other connections are closed. */
  end(): void {
    this.ending = true;
    [...this.reading.values()].forEach((stop) => stop());
  }

  private read(raw: IncomingMessage, idleMs: number, whenDone: (isWhole: boolean) => void): void {
    const { socket } = raw;
    let bytes = 0;
    const finish = (isWhole: boolean) => {
      clearTimeout(timer);
      clearTimeout(idle);
      raw.off('data', count).off('close', onClose);
      this.reading.delete(socket);
      whenDone(isWhole);
    };
    const stop = () => {
      raw.pause();
      finish(false);
    };
    const onClose = () => finish(raw.complete);
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      idle.refresh();
      if (bytes > this.maxBytes) {
        stop();
      }
    };
    const timer = setTimeout(stop, this.deadlineMs).unref();
    const idle = setTimeout(stop, idleMs).unref();
    this.reading.set(socket, stop);
    raw.unpipe();
    raw.on('data', count).once('close', onClose).resume();
  }
}

/** A request without a body may be answered before Node has marked it as complete. */
function isUnread({ complete, headers }: IncomingMessage): boolean {
  return (
    !complete &&
    (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
  );
}
