import type { Command } from 'commander';
import { loadDatabaseUrl } from '#libs/config';
import { runMigrations } from '#libs/database';
import { print, type OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .summary("bring the database's tables up to date")
    .description(
      "Bring the database's tables up to date. Needs DATABASE_URL only; safe to run from many " +
        'replicas at once.',
    )
    .addOption(jsonOption())
    .action(migrate);
}

async function migrate(options: OutputOptions): Promise<void> {
  const applied = await runMigrations(await loadDatabaseUrl());
  const text = applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'Nothing to do.';
  print({ text, data: { applied } }, options);
}
