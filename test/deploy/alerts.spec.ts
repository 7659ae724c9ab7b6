import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programOfPackage } from '../support/debian-package';

const ROOT = join(__dirname, '../..');
const run = promisify(execFile);

/** promtool comes with Prometheus. Its exit code is not 0 for rules that it refuses. */
async function promtool(...args: string[]): Promise<string> {
  const program = await programOfPackage('promtool', 'prometheus');
  const { stdout } = await run(program, args, { cwd: ROOT });
  return stdout;
}

describe('the alert rules', () => {
  it('are accepted by Prometheus', async () => {
    const said = await promtool('check', 'rules', 'deploy/prometheus/alerts.yml');
    expect(said).toMatch(/SUCCESS: \d+ rules found/);
  });

  it('page once for each cause, and never for another program', async () => {
    expect(await promtool('test', 'rules', 'test/deploy/alerts.test.yml')).toContain('SUCCESS');
  });
});
