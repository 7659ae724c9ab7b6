import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { sharedStores } from './shared-stores';

const MAIN = join(ROOT, 'dist', 'apps', 'cli', 'main.js');
const DEADLINE_MS = 30_000;

export interface CliAnswer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CliDealings {
  /** What it reads from its standard input. */
  input?: string;
  /** Called with what it writes to standard error, as it comes. */
  onStderr?: (text: string) => void;
}

/** Runs the built command line in a process of its own, with these settings and no others. */
export async function runCli(
  args: string[],
  env: Record<string, string>,
  { input = '', onStderr }: CliDealings = {},
): Promise<CliAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      // A folder without an .env.
      cwd: sharedStores().folder,
      env: { PATH: process.env.PATH, NODE_ENV: 'test', ...env },
      timeout: DEADLINE_MS,
    };
    const child = execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode === 'number') {
        resolve({ exitCode, stdout, stderr });
      } else {
        reject(error ?? new Error('no exit code'));
      }
    });
    if (onStderr !== undefined) {
      child.stderr?.on('data', onStderr);
    }
    // Who fails early reads nothing of it.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** What every failure looks like: nothing on standard output, no stack. */
export function expectOneSentence({ stdout, stderr }: CliAnswer): void {
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^latchkey: [^\n]+\n$/);
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
}
