// @ts-check
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout of this file. */
export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** The files of `npm start`: data, secrets, logs, locks. */
export const DATA_DIR = join(ROOT, '.data');
