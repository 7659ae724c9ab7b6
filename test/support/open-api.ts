import type { HttpClient } from './http-client';

/** As much of a schema object as the product's document uses. */
export interface Schema {
  $ref?: string;
  /** With `null` beside another type where the value may be null. */
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  example?: unknown;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  schema: Schema;
}

export interface MediaType {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

export interface Response {
  description: string;
  headers?: Record<string, { required?: boolean; schema: Schema }>;
  content?: Record<string, MediaType>;
}

export interface Operation {
  summary?: string;
  description?: string;
  operationId: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, MediaType & { schema: Schema }> };
  responses: Record<string, Response>;
}

/** One operation at its address. */
export interface Route {
  /** `METHOD /path/{parameter}`, as tests name it. */
  name: string;
  method: string;
  path: string;
  operation: Operation;
}

export interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema>; securitySchemes?: Record<string, unknown> };
}

/** The OpenAPI document as the application serves it. */
export class OpenApi {
  readonly routes: Route[];

  constructor(readonly document: Document) {
    this.routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        operation,
      })),
    );
  }

  static async read(http: HttpClient): Promise<OpenApi> {
    return new OpenApi((await http.get<Document>('/docs/openapi.json')).body);
  }

  route(name: string): Route {
    const route = this.routes.find((candidate) => candidate.name === name);
    if (!route) {
      throw new Error(`the OpenAPI document has no ${name}`);
    }
    return route;
  }

  /** The target of a JSON pointer of this document; undefined when there is none. */
  resolve(reference: string): unknown {
    return reference
      .replace(/^#\//, '')
      .split('/')
      .reduce<unknown>(
        (at, key) => (at as Record<string, unknown> | undefined)?.[key],
        this.document,
      );
  }

  /** The schema itself, when a reference names it: alone, in an `allOf` of one, or beside null. */
  follow(schema: Schema): Schema {
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref ?? schema.anyOf?.[0]?.$ref;
    return reference === undefined ? schema : (this.resolve(reference) as Schema);
  }

  /** The one media type and schema of the body that an operation takes. */
  bodyOf({ operation }: Route): { type: string; schema: Schema } | undefined {
    const [content] = Object.entries(operation.requestBody?.content ?? {});
    return content && { type: content[0], schema: this.follow(content[1].schema) };
  }
}

/** The type of a value that is not null. */
export function typeOf({ type }: Schema): string | undefined {
  return [type].flat().find((one) => one !== 'null');
}

/** Whether a value may be null. */
export function isNullable({ type, anyOf = [] }: Schema): boolean {
  return [type].flat().includes('null') || anyOf.some((one) => one.type === 'null');
}

/** Whether an operation requires a bearer token. */
export function needsToken({ operation }: Route): boolean {
  return (operation.security ?? []).some((scheme) => 'bearer' in scheme);
}

/** Whether an operation requires the credentials of a service. */
export function needsClient({ operation }: Route): boolean {
  return (operation.security ?? []).some((scheme) => 'basic' in scheme);
}

/** The parameters that an operation takes in one place. */
export function parametersIn({ operation }: Route, place: Parameter['in']): Parameter[] {
  return (operation.parameters ?? []).filter((parameter) => parameter.in === place);
}

/** The path of a route with its parameters filled in, percent-encoded unless `raw` is set. */
export function pathOf({ path }: Pick<Route, 'path'>, values: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}
