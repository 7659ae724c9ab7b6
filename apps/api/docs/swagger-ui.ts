import type { SwaggerCustomOptions } from '@nestjs/swagger';

/** As Swagger UI hands a request to its interceptor: also the options of `fetch`. */
interface UiRequest {
  credentials?: 'omit';
}

/** How Swagger UI looks and behaves. */
export const SWAGGER_UI: SwaggerCustomOptions = {
  customSiteTitle: 'Latchkey API',
  swaggerOptions: {
    persistAuthorization: true,
    displayRequestDuration: true,
    // Runs in the browser, from its source text. With credentials of its own, the browser answers the
    // challenge of HTTP Basic with a dialog that holds up every later call of the page.
    requestInterceptor: (request: UiRequest) => {
      request.credentials = 'omit';
      return request;
    },
  },
};
