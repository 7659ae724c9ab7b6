import { rotateKeys as rotate } from '#libs/auth';
import { loadKeysDirectory } from '#libs/config';
import { print, type OutputOptions } from '../output';

export async function rotateKeys(options: OutputOptions): Promise<void> {
  const { kid, retired } = await rotate(await loadKeysDirectory());
  const text = `The key ${kid} signs from now on; earlier keys that still verify: ${retired}.`;
  print({ text, data: { kid, retired } }, options);
}
