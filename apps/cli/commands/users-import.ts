import type { Command } from 'commander';
import type { ImportCommandOptions } from '../actions/import-users';
import { jsonOption } from './json-option';

export function addUsersImport(users: Command): void {
  users
    .command('import')
    .summary('import accounts of another system, with their password hashes')
    .description(
      'Import accounts of another system: one JSON object per line, {email, passwordHash, displayName?, role?, ' +
        'disabled?}. Hashes are of bcrypt, scrypt, PBKDF2 or Argon2; the first sign-in of a user replaces the ' +
        'hash by Argon2id. An address that has an account is skipped, so that the same file can be ' +
        'imported again. Invalid lines are reported by their number on standard error, the others are ' +
        'imported, and the exit code is 1. See docs/passwords.md.',
    )
    .argument('[file]', 'the file, or - for standard input', '-')
    .option('--dry-run', 'check the lines and count, but write nothing')
    .addOption(jsonOption())
    .action(async (file: string, options: ImportCommandOptions) => {
      const { importUsers } = await import('../actions/import-users.js');
      await importUsers(file, options);
    });
}
