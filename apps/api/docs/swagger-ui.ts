import type { SwaggerCustomOptions } from '@nestjs/swagger';

/** The argument of a request interceptor of Swagger UI. It holds the options of `fetch` too. */
interface UiRequest {
  credentials?: 'omit';
}

/**
 * Hides the column of links: no operation has any. On a narrow screen tables become lists, so that the page does not
 * scroll sideways.
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

/** Appearance and behaviour of Swagger UI. */
export const SWAGGER_UI: SwaggerCustomOptions = {
  customSiteTitle: 'Latchkey API',
  customCss: CSS,
  swaggerOptions: {
    persistAuthorization: true,
    displayRequestDuration: true,
    // Runs in the browser, from its source text. With stored credentials the browser answers a challenge of HTTP Basic
    // with a dialog, which blocks every later call of the page.
    requestInterceptor: (request: UiRequest) => {
      request.credentials = 'omit';
      return request;
    },
  },
};
