import multipart from '@fastify/multipart';
import { Injectable, UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { AVATAR_FIELD, UnusableImageError } from '#libs/avatar';
import { DomainError, OverloadedError } from '#libs/common';
import { requireBodyType, UnsupportedBodyTypeError } from '../http/body-type';

const MAX_AVATAR_BYTES = 5 * 1024 * 1024;
/** What a form may have beside its file. */
const MAX_FORM_BYTES = MAX_AVATAR_BYTES + 64 * 1024;
/** Received or being worked on; together at most 160 MiB. */
const MAX_UPLOADS_AT_ONCE = 32;
/** Of one user, so that nobody takes all the room there is. */
const MAX_UPLOADS_OF_ONE_USER = 8;
const DEADLINE_MS = 60_000;

const FORM = {
  types: ['multipart/form-data'],
  advice: `Send the picture as multipart/form-data, in the field "${AVATAR_FIELD}".`,
};

class UnreadableFormError extends DomainError {
  readonly code = 'malformed_request';

  constructor(options?: ErrorOptions) {
    super('The form could not be read to its end.', options);
  }
}

class AvatarTooLargeError extends DomainError {
  readonly code = 'payload_too_large';

  constructor() {
    super('The picture must have at most 5 MiB.');
  }
}

/** Accepts forms with a file where one is wanted, and there only. @param route with its prefix. */
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
 * Also without a name, which not every client sends. A part that says no type is text (RFC 7578 section 4.4), and so
 * is one of a form's fields.
 */
function isPartAFile(_field?: string, contentType?: string, fileName?: string): boolean {
  return fileName !== undefined || (contentType !== undefined && contentType !== 'text/plain');
}

/** The application, where hooks that a plugin adds run for one route: no other pays for them. */
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

/** Receives pictures, a bounded number at once, each within a minute. */
@Injectable()
export class AvatarUploads {
  /** Of whom an upload is under way; each user as often as there are. */
  private readonly underWay: string[] = [];

  /**
   * Reads the one file of a form, by its content alone, and hands it to `work`.
   * @throws OverloadedError when too many are under way, of this user or in all; UnsupportedBodyTypeError, UnreadableFormError,
   * AvatarTooLargeError, UnusableImageError for what is not one picture of at most 5 MiB.
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
    const own = this.underWay.filter((user) => user === userId).length;
    if (this.underWay.length >= MAX_UPLOADS_AT_ONCE || own >= MAX_UPLOADS_OF_ONE_USER) {
      throw new OverloadedError();
    }
    this.underWay.push(userId);
    try {
      return await work(await readInTime(request));
    } finally {
      this.underWay.splice(this.underWay.indexOf(userId), 1);
    }
  }
}

async function readInTime(request: FastifyRequest): Promise<Buffer> {
  const { raw } = request;
  const timer = setTimeout(() => raw.destroy(), DEADLINE_MS).unref();
  try {
    return await readFile(request);
  } catch (error) {
    throw asDomainError(error);
  } finally {
    clearTimeout(timer);
  }
}

async function readFile(request: FastifyRequest): Promise<Buffer> {
  let content: Buffer | undefined;
  for await (const part of request.parts()) {
    if (part.type !== 'file' || part.fieldname !== AVATAR_FIELD) {
      throw new UnusableImageError('must be the only field of the form');
    }
    content = await part.toBuffer();
  }
  if (!content?.length) {
    throw new UnusableImageError('must be a file that is not empty');
  }
  return content;
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
