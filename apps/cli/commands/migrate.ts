import type { Command } from 'commander';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .summary('migrate the tables of the database')
    .description(
      'Migrate the tables of the database. Needs DATABASE_URL only; safe to run from many ' +
        'replicas at once.',
    )
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { migrate } = await import('../actions/migrate.js');
      await migrate(options);
    });
}
