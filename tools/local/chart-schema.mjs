// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';

export const CHART_SCHEMA = 'deploy/kubernetes/chart/values.schema.json';

/** Set by the image, or by other values of the chart. */
const NO_VALUES = new Set([
  'NODE_ENV',
  'PORT',
  'METRICS_PORT',
  'SHUTDOWN_DELAY',
  'SHUTDOWN_TIMEOUT',
  'AVATAR_DIR',
]);

/**
 * The schema of the chart's values, with the settings that operators may give there: no secret, and none that the chart sets.
 * @param {{ name: string, description: string, secret: boolean }[]} settings
 * @returns {string}
 */
export function chartSchema(settings) {
  const schema = JSON.parse(readFileSync(join(ROOT, CHART_SCHEMA), 'utf8'));
  schema.properties.settings.properties = Object.fromEntries(
    settings
      .filter(({ name, secret }) => !secret && !NO_VALUES.has(name))
      .map(({ name, description }) => [name, { type: 'string', description }]),
  );
  return `${JSON.stringify(schema, null, 2)}\n`;
}
