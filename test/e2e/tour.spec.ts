import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { startTestApp, type TestApp } from '../support/app';

const ROOT = resolve(__dirname, '../..');
const run = promisify(execFile);

describe('the commands of the documentation', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(async () => {
    await app.close();
  });

  it('the tour walks through every answer that it describes', async () => {
    const { stdout } = await run('bash', ['examples/tour.sh', app.http.origin], {
      cwd: ROOT,
      timeout: 30_000,
    });
    expect(stdout).toContain('X-Cache: MISS');
    expect(stdout).toContain('X-Cache: HIT');
    expect(stdout.match(/^ {2}401 .*"code":"token_revoked"/gm)).toHaveLength(3);
    expect(stdout).toContain('200 {"revokedSessions":2}');
    expect(stdout.trimEnd().endsWith('The tour is complete.')).toBe(true);
  });

  it('the tour fails with an error where no Latchkey runs', async () => {
    await expect(
      run('bash', ['examples/tour.sh', 'http://127.0.0.1:9'], { cwd: ROOT, timeout: 30_000 }),
    ).rejects.toMatchObject({ code: expect.any(Number) as number });
  });

  it("the README's first curl commands work as printed", async () => {
    const readme = readFileSync(resolve(ROOT, 'README.md'), 'utf8');
    const block = /```bash\n((?:(?!```)[\s\S])*?curl[\s\S]*?)```/.exec(readme)?.[1];
    expect(block?.match(/^curl|\$\(curl/gm)).toHaveLength(3);
    const script = block!.replaceAll('http://localhost:3000', app.http.origin);
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: ROOT,
      timeout: 30_000,
    });
    expect(stdout).toContain('"email":"ada@example.com"');
    expect(stdout).toMatch(/HTTP\/1\.1 204 No Content/);
  });
});
