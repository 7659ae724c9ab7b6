// @ts-check
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';

const GENERATOR = join(ROOT, 'node_modules', 'openapi-typescript', 'bin', 'cli.js');
const DEADLINE_MS = 60_000;

/** @typedef {{ operationId: string, security?: Record<string, string[]>[] }} Operation */

/**
 * The file packages/client/src/api-types.ts: the types of the OpenAPI document, and a table of its operations.
 * @param {{ paths: Record<string, Record<string, Operation>> }} document
 * @returns {Promise<string>}
 */
export async function clientTypes(document) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-types-'));
  try {
    const input = join(folder, 'openapi.json');
    const output = join(folder, 'types.ts');
    writeFileSync(input, JSON.stringify(document));
    const options = { cwd: ROOT, deadlineMs: DEADLINE_MS, signal: new AbortController().signal };
    const args = [GENERATOR, input, '--output', output];
    const result = await run(process.execPath, args, options);
    if (!result.ok) {
      throw new Failure('openapi-typescript failed.', result.output);
    }
    return readFileSync(output, 'utf8') + operationTable(document);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {Parameters<typeof clientTypes>[0]} document */
function operationTable({ paths }) {
  const lines = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { operationId, security = [] }]) => {
      const bearer = security.some((scheme) => 'bearer' in scheme);
      return `    ${operationId}: { method: "${method.toUpperCase()}", path: "${path}", bearer: ${bearer} },\n`;
    }),
  );
  return (
    '/** Method and path of each operation, and whether it takes an access token. */\n' +
    `export const OPERATIONS = {\n${lines.join('')}} as const satisfies Record<keyof operations, object>;\n`
  );
}
