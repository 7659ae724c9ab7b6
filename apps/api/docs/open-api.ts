import type { INestApplication } from '@nestjs/common';
import * as swagger from '@nestjs/swagger';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { VERSION } from '../../version';
import { applyNotes } from './decorators';

/** The API's OpenAPI document. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  applyNotes(swagger);
  const config = new DocumentBuilder()
    .setTitle('Latchkey')
    .setDescription('Session authority: sign-in, sessions, revocation, cached profiles.')
    .setVersion(VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addBasicAuth()
    .build();
  return SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace('Controller', '')}.${method}`,
  });
}

/** Swagger UI at /docs, which keeps the token over a reload, and the document beside it. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
    customSiteTitle: 'Latchkey API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
  });
}
