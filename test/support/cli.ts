import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { runCommandLine } from '../../apps/cli/run';
import { ROOT } from '../../tools/local/paths.mjs';
import { quickStart } from './quick-start';
import { sharedStores } from './shared-stores';

const MAIN = join(ROOT, 'dist', 'apps', 'cli', 'main.js');
const DEADLINE_MS = 30_000;

export interface CliAnswer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CliDealings {
  /** Its standard input. */
  input?: string;
  /** Called with each chunk of its standard error. */
  onStderr?: (text: string) => void;
}

/**
 * Runs a command in this process, with these settings and no others: it need not load its libraries, which takes a
 * process nearly 2 s. For commands that open the stores and close them again; a start that fails leaves connections
 * behind, which end with a process alone.
 */
export async function runCommand(
  args: string[],
  env: Record<string, string>,
  { input = '' }: Pick<CliDealings, 'input'> = {},
): Promise<CliAnswer> {
  const printed = { stdout: '', stderr: '' };
  const folder = process.cwd();
  // A folder without an .env.
  process.chdir(sharedStores().folder);
  try {
    // A command silences the log, which belongs to the applications of the test.
    jest.spyOn(Logger, 'overrideLogger').mockImplementation();
    jest.replaceProperty(process, 'env', { NODE_ENV: 'test', ...env });
    jest
      .spyOn(process, 'stdin', 'get')
      .mockReturnValue(Readable.from([Buffer.from(input)]) as typeof process.stdin);
    for (const name of ['stdout', 'stderr'] as const) {
      jest.spyOn(process[name], 'write').mockImplementation((text, ...rest) => {
        printed[name] += String(text);
        rest.forEach((argument) => typeof argument === 'function' && argument());
        return true;
      });
    }
    const exitCode = await runCommandLine(args);
    return { exitCode, ...printed };
  } finally {
    jest.restoreAllMocks();
    process.chdir(folder);
  }
}

/** Runs the built command line in a process of its own, with these settings and no others. */
export async function runCli(
  args: string[],
  env: Record<string, string>,
  { input = '', onStderr }: CliDealings = {},
): Promise<CliAnswer> {
  // Its options may leave no memory for the bundle.
  const loader = 'NODE_OPTIONS' in env ? [] : quickStart();
  return new Promise((resolve, reject) => {
    const options = {
      // A folder without an .env.
      cwd: sharedStores().folder,
      env: { PATH: process.env.PATH, NODE_ENV: 'test', ...env },
      timeout: DEADLINE_MS,
    };
    const child = execFile(
      process.execPath,
      [...loader, MAIN, ...args],
      options,
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : error.code;
        if (typeof exitCode === 'number') {
          resolve({ exitCode, stdout, stderr });
        } else {
          reject(error ?? new Error('no exit code'));
        }
      },
    );
    if (onStderr !== undefined) {
      child.stderr?.on('data', onStderr);
    }
    // A program that fails early does not read it.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** Checks that a failure prints nothing on standard output, and no stack. */
export function expectOneSentence({ stdout, stderr }: CliAnswer): void {
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^latchkey: [^\n]+\n$/);
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
}
