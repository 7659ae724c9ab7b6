import { open } from 'node:fs/promises';
import { DomainError, InternalError } from '#libs/common';
import { withApplication } from '../application';
import { UserImport } from '../import/user-import';
import { print, write, type OutputOptions } from '../output';
import { printable } from '../table';

/** Stands for standard input instead of a path. */
const STANDARD_INPUT = '-';

export interface ImportCommandOptions extends OutputOptions {
  dryRun?: boolean;
}

/** The file does not exist or cannot be read. */
class UnreadableFileError extends DomainError {
  readonly code = 'validation_failed';
}

/** Some lines are invalid; each was reported. */
class BadLinesError extends DomainError {
  readonly code = 'validation_failed';
}

export async function importUsers(file: string, options: ImportCommandOptions): Promise<void> {
  const { dryRun = false } = options;
  const input = await openInput(file);
  const counts = await withApplication((app) =>
    app.get(UserImport).run(input, {
      dryRun,
      onBadLine: (number, problem) =>
        write(process.stderr, `line ${number}: ${printable(problem)}\n`),
    }),
  );
  const text =
    `Accounts ${dryRun ? 'that would be created' : 'created'}: ${counts.created}.\n` +
    `Lines skipped because the account exists: ${counts.skipped}.\n` +
    `Invalid lines: ${counts.bad}.`;
  print({ text, data: { ...counts, dryRun } }, options);
  if (counts.bad > 0) {
    throw new BadLinesError(`Invalid lines: ${counts.bad}.`);
  }
}

/** @throws UnreadableFileError */
async function openInput(file: string): Promise<AsyncIterable<Buffer>> {
  if (file === STANDARD_INPUT) {
    return process.stdin;
  }
  try {
    const handle = await open(file);
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new InternalError('it is a directory');
    }
    return handle.createReadStream();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    throw new UnreadableFileError(`${file} cannot be read (${code ?? message}).`);
  }
}
