import type { SwaggerCustomOptions } from '@nestjs/swagger';

/** As Swagger UI hands a request to its interceptor: also the options of `fetch`. */
interface UiRequest {
  credentials?: 'omit';
}

/**
 * No operation has links. On a screen as narrow as a phone's, tables become lists: a cell below the other,
 * so that the page does not scroll sideways.
 */
const CSS = `
  .swagger-ui .response-col_links { display: none; }
  .swagger-ui .parameters-col_description input { max-width: 420px; }
  @media (max-width: 640px) {
    .swagger-ui .opblock-tag { flex-wrap: wrap; }
    .swagger-ui .opblock-tag small { flex: 1 1 100%; order: 1; padding: 0; }
    .swagger-ui .opblock-tag button { margin-left: auto; }
    .swagger-ui .opblock .opblock-section-header { flex-wrap: wrap; }
    .swagger-ui .parameters-container :is(table, tbody, tr, td),
    .swagger-ui .table-container tr:has(> .parameters-col_name),
    .swagger-ui .table-container :is(.parameters-col_name, .parameters-col_description),
    .swagger-ui .responses-table,
    .swagger-ui .responses-table > tbody,
    .swagger-ui .responses-table > tbody > tr,
    .swagger-ui .responses-table > tbody > tr > td:not(.response-col_links) {
      display: block; width: auto; min-width: 0; max-width: 100%;
    }
    .swagger-ui .responses-table > thead,
    .swagger-ui .parameters-container thead { display: none; }
    .swagger-ui .parameters-col_description input { font-size: 12px; }
    .swagger-ui .response-controls { flex-wrap: wrap; gap: 8px; }
    .swagger-ui .dialog-ux .modal-ux { min-width: 0; width: calc(100vw - 20px); }
  }
`;

/** How Swagger UI looks and behaves. */
export const SWAGGER_UI: SwaggerCustomOptions = {
  customSiteTitle: 'Latchkey API',
  customCss: CSS,
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
