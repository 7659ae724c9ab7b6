import { rmSync } from 'node:fs';
import { sharedStores } from './shared-stores';

export default async function globalTeardown(): Promise<void> {
  await globalThis.latchkeyTestPostgres?.stop();
  rmSync(sharedStores().folder, { recursive: true, force: true });
}
