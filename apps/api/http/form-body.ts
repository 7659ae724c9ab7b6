import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { countFields, refuseManyFields } from '#libs/http';
import { requireBodyType } from './body-type';
import { MAX_BODY_BYTES } from './json-body';

const FORM = 'application/x-www-form-urlencoded';

/**
 * Accepts a form on the routes of which a standard requires it, and on no other: another site's page can make a browser
 * send a form without a preflight.
 * @param routes with their prefix.
 */
export function acceptForms(fastify: FastifyInstance, routes: readonly string[]): void {
  for (const route of routes) {
    requireBodyType(fastify, route, {
      types: [FORM, 'application/json'],
      advice: `Send the body as ${FORM}.`,
    });
  }
  fastify.addContentTypeParser(
    FORM,
    { parseAs: 'string', bodyLimit: MAX_BODY_BYTES },
    (request, body, done) => {
      if (!routes.includes(request.routeOptions.url ?? '')) {
        done(new UnsupportedMediaTypeException());
        return;
      }
      try {
        refuseManyFields(countFields(body as string), 'body');
        done(null, Object.fromEntries(new URLSearchParams(body as string)));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}
