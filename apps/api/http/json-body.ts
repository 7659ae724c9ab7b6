import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import secureJson from 'secure-json-parse';
import { DomainError } from '#libs/common';

/** Bytes. The largest body of the API, a profile, has some 10 kB. */
export const MAX_BODY_BYTES = 64 * 1024;
const MAX_DEPTH = 16;

/** The body is not JSON that we are willing to read. */
export class MalformedJsonError extends DomainError {
  readonly code = 'malformed_json';
}

/**
 * Replaces Fastify's body parsers by one for JSON that refuses what the default would pass on:
 * bytes that are not UTF-8 (they would silently become other characters, in a password too), keys
 * that reach for an object's prototype, and nesting deep enough to exhaust a recursive reader.
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

/** JSON is UTF-8 (RFC 8259 section 8.1), and we unpack nothing: who says otherwise is believed. */
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

/**
 * @returns undefined for an empty body, which clients send along with a content type.
 * @throws MalformedJsonError
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) {
    return undefined;
  }
  if (!isUtf8(body)) {
    throw new MalformedJsonError('The body is not valid UTF-8.');
  }
  let parsed: unknown;
  try {
    parsed = secureJson.parse(body.toString('utf8'), {
      protoAction: 'error',
      constructorAction: 'error',
    });
  } catch {
    throw new MalformedJsonError('The body is not valid JSON.');
  }
  if (isDeeperThan(parsed, MAX_DEPTH)) {
    throw new MalformedJsonError('The body is nested too deeply.');
  }
  return parsed;
}

/** Level by level, not recursively: the input decides the depth. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= limit; depth++) {
    level = level
      .filter((item) => typeof item === 'object' && item !== null)
      .flatMap((item) => Object.values(item) as unknown[]);
    if (level.length === 0) {
      return false;
    }
  }
  return true;
}
