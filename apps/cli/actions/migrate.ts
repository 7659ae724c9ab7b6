import { loadDatabaseUrl } from '#libs/config';
import { runMigrations } from '#libs/database';
import { noteEndpoint } from '../endpoints';
import { print, type OutputOptions } from '../output';

export async function migrate(options: OutputOptions): Promise<void> {
  const url = loadDatabaseUrl();
  noteEndpoint('postgres', url);
  const applied = await runMigrations(url);
  const text = applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'Nothing to do.';
  print({ text, data: { applied } }, options);
}
