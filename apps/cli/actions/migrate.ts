import { loadDatabaseUrl } from '#libs/config';
import { runMigrations } from '#libs/database';
import { print, type OutputOptions } from '../output';

export async function migrate(options: OutputOptions): Promise<void> {
  const applied = await runMigrations(await loadDatabaseUrl());
  const text = applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'Nothing to do.';
  print({ text, data: { applied } }, options);
}
