import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { copyCheckout } from '../../tools/local/checkout-copy.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { identify, isAlive } from '../../tools/local/processes.mjs';
import { until } from '../support/until';

const COMMANDS = [
  'tools/start.mjs',
  'tools/test.mjs',
  'tools/build.mjs',
  'bench/main.mjs',
  'examples/services/start.mjs',
];
const STATIC_IMPORT = /^(?:import|export)\b[^;]*?from '([^']+)';/gm;

/** The modules that a command has loaded before it runs, by file, with what they import. */
function modulesOf(file: string, found = new Map<string, string[]>()): Map<string, string[]> {
  if (!found.has(file)) {
    const source = readFileSync(file, 'utf8');
    const imports = Array.from(source.matchAll(STATIC_IMPORT), ([, name = '']) => name);
    found.set(file, imports);
    for (const name of imports.filter((name) => name.startsWith('.'))) {
      modulesOf(join(dirname(file), name), found);
    }
  }
  return found;
}

describe.each(COMMANDS)('the first stage of %s', (command) => {
  it("imports Node's own modules alone", () => {
    const modules = modulesOf(join(ROOT, command));

    expect(modules.size).toBeGreaterThan(5);
    for (const [file, imports] of modules) {
      const foreign = imports.filter((name) => !name.startsWith('.') && !isBuiltin(name));
      expect([relative(ROOT, file), ...foreign]).toEqual([relative(ROOT, file)]);
    }
  });
});

describe('a checkout without packages', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'latchkey-bare-'));
    copyCheckout(dir, { withBuild: false });
    rmSync(join(dir, 'node_modules'));
  });

  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Runs a command with an npm that runs the script. */
  function run(command: string, npm: string): { code: number | null; text: string } {
    const program = join(dir, 'npm-cli.js');
    writeFileSync(program, npm);
    const env = { PATH: process.env.PATH, npm_execpath: program };
    const options = { cwd: dir, env, encoding: 'utf8', timeout: 30_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [command], options);
    return { code: status, text: stdout + stderr };
  }

  it.each(['tools/start.mjs', 'tools/test.mjs', 'bench/main.mjs'])(
    'is installed by %s, which prints why the installation failed',
    (command) => {
      const { code, text } = run(
        command,
        "console.log(process.argv.slice(2).join(' ')); process.exit(1);",
      );

      expect(code).toBe(1);
      expect(text).toMatch(/^latchkey {2}installing packages \(npm ci\) \.\.\. failed\n/);
      expect(text).toMatch(/npm ci failed\.\n--prefix \S+ ci --ignore-scripts .*--include=dev\n$/);
    },
  );

  it('is installed by one npm at a time, also after a start was killed with -9', async () => {
    const note = join(dir, 'installing');
    const program = join(dir, 'npm-cli.js');
    writeFileSync(
      program,
      `require('node:fs').writeFileSync(${JSON.stringify(note)}, '' + process.pid);
       setInterval(() => undefined, 1000);`,
    );
    const env = { PATH: process.env.PATH, npm_execpath: program };
    const killed = spawn(process.execPath, ['tools/start.mjs'], { cwd: dir, env });
    const pid = await until('the program notes its process id', () =>
      existsSync(note) ? readFileSync(note, 'utf8') : '',
    );
    const orphan = identify(Number(pid));
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(isAlive(orphan)).toBe(true);

    const { text } = run('tools/start.mjs', 'process.exit(1);');

    expect(text).toContain('cleaning up after a start that was killed');
    expect(isAlive(orphan)).toBe(false);
  });

  it('is not built, and one sentence says so', () => {
    expect(run('tools/build.mjs', '')).toEqual({
      code: 1,
      text: 'TypeScript is not installed: run npm ci first.\n',
    });
  });
});
