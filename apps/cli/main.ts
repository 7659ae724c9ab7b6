#!/usr/bin/env node
import 'reflect-metadata';
import { CommanderError } from 'commander';
import { EXIT_CODE, type ExitCode } from './exit-code';
import { flush } from './output';
import { createProgram } from './program';

// Whoever read our output has enough of it, as `head` does.
process.stdout.on('error', () => process.exit(EXIT_CODE.failed));

async function main(): Promise<ExitCode> {
  try {
    await createProgram().parseAsync();
    return EXIT_CODE.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT_CODE.done : EXIT_CODE.usage;
    }
    return report(error);
  }
}

async function report(error: unknown): Promise<ExitCode> {
  // Not at the top of the file, as in the commands: help and wrong usage do not wait for libraries.
  const { describeFailure } = await import('./failure.js');
  const { exitCode, sentence } = describeFailure(error);
  process.stderr.write(`latchkey: ${sentence}\n`);
  return exitCode;
}

// Node would print its message and all its properties.
process.once('uncaughtException', (error) => void report(error).then((code) => process.exit(code)));

void main().then(async (exitCode) => {
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  // A start that failed half-way leaves connections that would keep the process alive.
  process.exit(exitCode);
});
