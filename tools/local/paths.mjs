// @ts-check
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that this file lies in. */
export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** Everything that `npm start` keeps: data, secrets, logs, locks. */
export const DATA_DIR = join(ROOT, '.data');
