// @ts-check
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './local/paths.mjs';
import { settingsFiles } from './local/settings-files.mjs';

for (const [path, text] of Object.entries(settingsFiles())) {
  writeFileSync(join(ROOT, path), text);
}
