import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { MAX_BODY_BYTES } from './json-body';

/**
 * Accepts a form where a standard wants one, and there only: a form is what another site's page can
 * make a browser send without asking.
 * @param route the one route, with its prefix.
 */
export function acceptForms(fastify: FastifyInstance, route: string): void {
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MAX_BODY_BYTES },
    (request, body, done) => {
      if (request.routeOptions.url === route) {
        done(null, Object.fromEntries(new URLSearchParams(body as string)));
      } else {
        done(new UnsupportedMediaTypeException());
      }
    },
  );
}
