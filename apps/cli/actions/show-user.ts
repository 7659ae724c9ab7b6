import { AdminUsers } from '../../admin-users';
import { withUser } from '../application';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export async function showUser(user: string, options: OutputOptions): Promise<void> {
  const shown = await withUser(user, (app, userId) => app.get(AdminUsers).get(userId));
  const rows = Object.entries(shown).map(([field, value]) => [field, String(value ?? '-')]);
  print({ text: formatTable(['FIELD', 'VALUE'], rows), data: { ...shown } }, options);
}
