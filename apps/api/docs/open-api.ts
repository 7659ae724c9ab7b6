import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Settings } from '#libs/config';
import { VERSION } from '../../version';
import { DESCRIPTION, TAGS } from './document-info';
import { problemSchemasIn } from './problem-schemas';
import { nameSchemas } from './schema-names';
import { SWAGGER_UI } from './swagger-ui';

interface Operation {
  security?: Record<string, string[]>[];
}

export function openApiDocument(app: INestApplication): OpenAPIObject {
  const settings = app.get(Settings);
  const document = nameSchemas(SwaggerModule.createDocument(app, header(settings)));
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations as Record<string, Operation>)) {
      operation.security = schemesOf(operation, settings.cookies);
    }
  }
  const { schemas, ...components } = document.components ?? {};
  return {
    ...document,
    components: { ...components, schemas: { ...schemas, ...problemSchemasIn(document.paths) } },
  };
}

/**
 * The security requirements, one of which suffices: an empty list for a public operation. A controller and its route may
 * name the same scheme. With the setting `COOKIES` a cookie may bring the token.
 */
function schemesOf({ security = [] }: Operation, cookies: boolean): Record<string, string[]>[] {
  const named = new Map(security.map((scheme) => [Object.keys(scheme).join(), scheme]));
  return [...named.values(), ...(cookies && named.has('bearer') ? [{ cookie: [] }] : [])];
}

/** Serves Swagger UI at /docs and the document beside it. Swagger UI keeps the token across a reload. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
    ...SWAGGER_UI,
  });
}

function header({ publicPath, cookies }: Settings) {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.1')
    .setTitle('Latchkey')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .addServer(publicPath || '/', 'This server')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: '`accessToken` of register, login or refresh.',
    })
    .addBasicAuth({
      type: 'http',
      scheme: 'basic',
      description: 'Id and secret of a client of the setting `INTROSPECTION_CLIENTS`.',
    });
  if (cookies) {
    builder.addCookieAuth(
      '__Host-latchkey',
      {
        type: 'apiKey',
        in: 'cookie',
        description:
          'Set by a sign-in with `cookies: true`. A call that is no GET must come from a page of this server or of an ' +
          'origin of `CORS_ORIGINS`.',
      },
      'cookie',
    );
  }
  Object.entries(TAGS).forEach(([name, description]) => builder.addTag(name, description));
  const document = builder.build();
  Object.assign(document.info, {
    contact: { name: 'Latchkey' },
    license: { name: 'MIT', identifier: 'MIT' },
  });
  return document;
}
