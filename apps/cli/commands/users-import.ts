import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { DomainError } from '#libs/common';
import { withApplication } from '../application';
import { UserImport } from '../import/user-import';
import { print, write, type OutputOptions } from '../output';
import { printable } from '../table';
import { jsonOption } from './json-option';

const STANDARD_INPUT = '-';

interface ImportCommandOptions extends OutputOptions {
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

export function addUsersImport(users: Command): void {
  users
    .command('import')
    .summary('bring in accounts of another system, with their password hashes')
    .description(
      'Bring in accounts of another system: one JSON object a line, {email, passwordHash, displayName?, role?, ' +
        'disabled?}. Hashes are of bcrypt, scrypt, PBKDF2 or Argon2; at the first sign-in of its user each is ' +
        'replaced by one of ours. An address that has an account is skipped, so that the same file can be ' +
        'imported again. Lines that are no account are told of by their number on standard error, the others are ' +
        'imported, and the exit code is 1. See docs/passwords.md.',
    )
    .argument('[file]', 'the file, or - for standard input', STANDARD_INPUT)
    .option('--dry-run', 'check the lines and count, but write nothing')
    .addOption(jsonOption())
    .action(importUsers);
}

async function importUsers(file: string, options: ImportCommandOptions): Promise<void> {
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
      throw new Error('it is a directory');
    }
    return handle.createReadStream();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    throw new UnreadableFileError(`${file} cannot be read (${code ?? message}).`);
  }
}
