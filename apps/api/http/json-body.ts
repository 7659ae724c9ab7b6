import type { IncomingHttpHeaders } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { parseJson } from '#libs/http';

/** Bytes. The largest body of the API, a profile, has about 10 kB. */
export const MAX_BODY_BYTES = 64 * 1024;

/**
 * Replaces Fastify's body parsers by one for JSON that refuses more than the default: bytes that are not UTF-8 (the
 * default replaces them, in a password too), keys that change an object's prototype, nesting that exhausts a recursive
 * reader, and more values than validation can check cheaply.
 */
export function acceptOnlyJson(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (request, body, done) => {
      try {
        refuseOtherEncodings(request.headers);
        done(null, parseJson(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

/** JSON is UTF-8 (RFC 8259 section 8.1), and no body is decompressed: any other charset or encoding is refused. */
function refuseOtherEncodings(headers: IncomingHttpHeaders): void {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1];
  const encoding = headers['content-encoding'];
  if (
    (charset && charset.toLowerCase() !== 'utf-8') ||
    (encoding && encoding.toLowerCase() !== 'identity')
  ) {
    throw new UnsupportedMediaTypeException();
  }
}
