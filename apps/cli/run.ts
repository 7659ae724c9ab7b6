import { CommanderError } from 'commander';
import { EXIT_CODE, type ExitCode } from './exit-code';
import { createProgram } from './program';

/**
 * Runs one command; a failure becomes one sentence on standard error.
 * @param args without the program's own name
 */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return EXIT_CODE.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT_CODE.done : EXIT_CODE.usage;
    }
    return report(error);
  }
}

/**
 * Prints the failure of a command.
 * @returns its exit code
 */
export async function report(error: unknown): Promise<ExitCode> {
  // Loaded on demand, as in the commands: help and usage errors need no library.
  const { describeFailure } = await import('./failure.js');
  const { exitCode, sentence } = await describeFailure(error);
  process.stderr.write(`latchkey: ${sentence}\n`);
  return exitCode;
}
