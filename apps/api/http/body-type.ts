import type { FastifyInstance } from 'fastify';
import { DomainError } from '#libs/common';

/** The route does not accept the media type of the body. The message names the types that it accepts. */
export class UnsupportedBodyTypeError extends DomainError {
  readonly code = 'unsupported_media_type';
}

export interface BodyType {
  /** Media types in lower case, without parameters. */
  types: readonly string[];
  /** Advice for the client: what to send. */
  advice: string;
}

/**
 * Refuses a body of another media type on one route, before the body is parsed, with advice for that route: the general
 * message advises JSON. Other routes have no cost. A request without a body passes.
 * @param route with its prefix.
 */
export function requireBodyType(
  fastify: FastifyInstance,
  route: string,
  { types, advice }: BodyType,
): void {
  fastify.addHook('onRoute', (options) => {
    if (options.url !== route || options.method !== 'POST') {
      return;
    }
    options.preParsing = [options.preParsing ?? []].flat().concat((request, _reply, _raw, done) => {
      const { 'content-type': type, 'content-length': length = '0' } = request.headers;
      const hasBody = length !== '0' || request.headers['transfer-encoding'] !== undefined;
      const [mediaType = ''] = (type ?? '').split(';');
      const isRefused =
        (hasBody || type !== undefined) && !types.includes(mediaType.trim().toLowerCase());
      done(isRefused ? new UnsupportedBodyTypeError(advice) : null);
    });
  });
}
