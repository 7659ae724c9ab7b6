import type { FastifyInstance } from 'fastify';
import { DomainError } from '#libs/common';

/** The body is of a media type that the route does not take. The text says which it takes. */
export class UnsupportedBodyTypeError extends DomainError {
  readonly code = 'unsupported_media_type';
}

export interface BodyType {
  /** Media types in lower case, without parameters. */
  types: readonly string[];
  /** For the client: what to send. */
  advice: string;
}

/**
 * Refuses a body of another media type on one route before it is parsed, with advice that fits the route: the general
 * refusal advises JSON. No other route pays for it. A request without a body passes.
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
