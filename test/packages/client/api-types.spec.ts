import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientTypes } from '../../../tools/local/client-types.mjs';
import { ROOT } from '../../../tools/local/paths.mjs';
import { startTestApp, type TestApp } from '../../support/app';
import { OpenApi } from '../../support/open-api';

const FILE = join(ROOT, 'packages/client/src/api-types.ts');

describe('types of the client', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  it('are those of the OpenAPI document; `npm run client:types` makes them', async () => {
    const { document } = await OpenApi.read(app.http);
    const wanted = await clientTypes(document);
    if (process.env.LATCHKEY_WRITE_CLIENT_TYPES === '1') {
      writeFileSync(FILE, wanted);
    }
    expect(readFileSync(FILE, 'utf8')).toBe(wanted);
  });
});
