import { open } from 'node:fs/promises';
import { DomainError, InternalError } from '#libs/common';
import { withApplication } from '../application';
import { UserImport } from '../import/user-import';
import { print, write, type OutputOptions } from '../output';
import { printable } from '../table';

/** Instead of a path. */
const STANDARD_INPUT = '-';

export interface ImportCommandOptions extends OutputOptions {
  dryRun?: boolean;
}

/** The file is not there, or not to be read. */
class UnreadableFileError extends DomainError {
  readonly code = 'validation_failed';
}

/** Some lines are no accounts: each has been told of. */
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
    `Lines skipped, because there is an account: ${counts.skipped}.\n` +
    `Bad lines: ${counts.bad}.`;
  print({ text, data: { ...counts, dryRun } }, options);
  if (counts.bad > 0) {
    throw new BadLinesError(`Lines that are no account: ${counts.bad}.`);
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
