import { addAbortSignal } from 'node:stream';
import multipart from '@fastify/multipart';
import { Injectable, UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { AVATAR_FIELD, UnusableImageError } from '#libs/avatar';
import { DomainError } from '#libs/common';
import { partyOf } from '#libs/rate-limit';
import { requireBodyType, UnsupportedBodyTypeError } from '../http/body-type';
import { clientAddress } from '../http/client-address';
import { UploadSlots } from './upload-slots';

const MAX_AVATAR_BYTES = 5 * 1024 * 1024;
/** Bytes of a form in addition to its file. */
const MAX_FORM_BYTES = MAX_AVATAR_BYTES + 64 * 1024;

const FORM = {
  types: ['multipart/form-data'],
  advice: `Send the picture as multipart/form-data, in the field "${AVATAR_FIELD}".`,
};

class UnreadableFormError extends DomainError {
  readonly code = 'malformed_request';

  constructor(options?: ErrorOptions) {
    super('The form is incomplete or malformed.', options);
  }
}

class AvatarTooLargeError extends DomainError {
  readonly code = 'payload_too_large';

  constructor() {
    super('The picture must have at most 5 MiB.');
  }
}

/**
 * Accepts forms with a file on one route, and on no other.
 * @param route with its prefix.
 */
export function acceptUploads(fastify: FastifyInstance, route: string): void {
  const limits = { fileSize: MAX_AVATAR_BYTES, files: 1, fields: 0, headerPairs: 20 };
  requireBodyType(fastify, route, FORM);
  multipart(withHooksOf(fastify, route), { limits, isPartAFile }, (error) => {
    if (error) {
      throw error;
    }
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    const isMisplaced = request.isMultipart() && request.routeOptions.url !== route;
    done(isMisplaced ? new UnsupportedMediaTypeException() : undefined);
  });
}

/**
 * Takes a part for a file also without a file name, which some clients omit. A part without a type is text (RFC 7578
 * section 4.4), and so are the fields of a form.
 */
function isPartAFile(_field?: string, contentType?: string, fileName?: string): boolean {
  return fileName !== undefined || (contentType !== undefined && contentType !== 'text/plain');
}

/** The application, on which the plugin's hooks run for one route only. */
function withHooksOf(fastify: FastifyInstance, route: string): FastifyInstance {
  const hooks: [name: 'onRequest' | 'onResponse', hook: onRequestAsyncHookHandler][] = [];
  fastify.addHook('onRoute', (options) => {
    if (options.url === route) {
      for (const [name, hook] of hooks) {
        options[name] = [options[name] ?? [], hook].flat();
      }
    }
  });
  return Object.create(fastify, {
    addHook: { value: (...hook: (typeof hooks)[number]) => hooks.push(hook) },
  }) as FastifyInstance;
}

/** Receives pictures: a bounded number at once, each within a minute. */
@Injectable()
export class AvatarUploads {
  /** Milliseconds that a client has for the whole form. */
  deadlineMs = 60_000;
  /** Milliseconds before a slow upload may lose its slot to another one. */
  minAgeMs = 5_000;
  private readonly slots = new UploadSlots(() => this.minAgeMs);

  get underWay(): number {
    return this.slots.count;
  }

  get beingReceived(): number {
    return this.slots.beingReceived;
  }

  /**
   * Reads the one file of a form, by its content alone, and passes it to `work`.
   * @throws OverloadedError for too many uploads at once, of this user, of this address or in total, or when another
   * upload displaces this one; UnsupportedBodyTypeError, UnreadableFormError, AvatarTooLargeError, UnusableImageError
   * unless the form holds one picture of at most 5 MiB.
   */
  async receive<T>(
    userId: string,
    request: FastifyRequest,
    work: (content: Buffer) => Promise<T>,
  ): Promise<T> {
    if (!request.isMultipart()) {
      throw new UnsupportedBodyTypeError(FORM.advice);
    }
    if (Number(request.headers['content-length'] ?? 0) > MAX_FORM_BYTES) {
      throw new AvatarTooLargeError();
    }
    const slot = this.slots.take({
      userId,
      addressGroup: partyOf(clientAddress(request) ?? ''),
      connection: request.raw.socket,
    });
    try {
      const content = await this.readInTime(request, slot.signal);
      slot.isReceived = true;
      return await work(content);
    } finally {
      this.slots.release(slot);
    }
  }

  private async readInTime(request: FastifyRequest, signal: AbortSignal): Promise<Buffer> {
    const timer = setTimeout(() => request.raw.destroy(), this.deadlineMs).unref();
    try {
      return await Promise.race([readFile(request, signal), untilAborted(signal)]);
    } catch (error) {
      throw asDomainError(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @param signal ends the reading; the bytes read so far are dropped. */
async function readFile(request: FastifyRequest, signal: AbortSignal): Promise<Buffer> {
  let content: Buffer | undefined;
  for await (const part of request.parts()) {
    if (part.type !== 'file' || part.fieldname !== AVATAR_FIELD) {
      throw new UnusableImageError('must be the only field of the form');
    }
    addAbortSignal(signal, part.file);
    content = await part.toBuffer();
  }
  if (!content?.length) {
    throw new UnusableImageError('must be a file that is not empty');
  }
  return content;
}

/** @throws the reason of the signal. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Codes of @fastify/multipart. */
function asDomainError(error: unknown): unknown {
  switch ((error as { code?: unknown }).code) {
    case 'FST_REQ_FILE_TOO_LARGE':
      return new AvatarTooLargeError();
    case 'FST_FILES_LIMIT':
      return new UnusableImageError('must be one file');
    case 'FST_FIELDS_LIMIT':
      return new UnusableImageError('must be the only field of the form');
    default:
      return error instanceof DomainError ? error : new UnreadableFormError({ cause: error });
  }
}
