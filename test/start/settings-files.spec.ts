import { settingsFiles } from '../../tools/local/settings-files.mjs';
import { readText } from '../support/document';

describe('the files generated from the declared settings', () => {
  it.each(Object.entries(settingsFiles()))(
    '%s is up to date; otherwise: npm run settings',
    (path, text) => {
      expect(readText(path)).toBe(text);
    },
  );
});
