import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { createOutput } from '../../tools/local/output.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { build } from '../../tools/local/source-build.mjs';
import { sharedStores } from './shared-stores';

const MAIN = join(ROOT, 'dist', 'apps', 'cli', 'main.js');
const DEADLINE_MS = 30_000;

export interface CliAnswer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Compiles the checkout unless that is done. */
export async function buildCli(): Promise<void> {
  await build({ output: createOutput(process.stderr), signal: new AbortController().signal });
}

/** Runs the built command line in a process of its own, with these settings and no others. */
export async function runCli(args: string[], env: Record<string, string>): Promise<CliAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      // A folder without an .env.
      cwd: sharedStores().folder,
      env: { PATH: process.env.PATH, NODE_ENV: 'test', ...env },
      timeout: DEADLINE_MS,
    };
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode === 'number') {
        resolve({ exitCode, stdout, stderr });
      } else {
        reject(error ?? new Error('no exit code'));
      }
    });
  });
}
