import type { OpenAPIObject } from '@nestjs/swagger';

const SCHEMAS = '#/components/schemas/';

/**
 * Names schemas as generated clients name their types: a request body `RegisterDto` becomes `RegisterRequest`, and
 * `ProfileDto` becomes `Profile`.
 */
export function nameSchemas(document: OpenAPIObject): OpenAPIObject {
  const bodies = new Set(Object.values(document.paths).flatMap(bodiesOf));
  const newName = (name: string) => name.replace(/Dto$/, bodies.has(name) ? 'Request' : '');
  const { components = {}, ...renamed } = replaceReferences(document, newName);
  const schemas = Object.entries(components.schemas ?? {});
  return {
    ...renamed,
    components: {
      ...components,
      schemas: Object.fromEntries(schemas.map(([name, schema]) => [newName(name), schema])),
    },
  };
}

/** Names of the schemas of a path's request bodies. */
function bodiesOf(operations: object): string[] {
  return Object.values(operations).flatMap((operation: { requestBody?: object }) =>
    [
      ...JSON.stringify(operation.requestBody ?? {}).matchAll(/"#\/components\/schemas\/(\w+)"/g),
    ].map(([, name = '']) => name),
  );
}

function replaceReferences(
  document: OpenAPIObject,
  newName: (name: string) => string,
): OpenAPIObject {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith(SCHEMAS)
      ? SCHEMAS + newName(value.slice(SCHEMAS.length))
      : value,
  ) as OpenAPIObject;
}
