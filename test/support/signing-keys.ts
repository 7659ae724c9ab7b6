import { activateKey, addKey } from '../../libs/auth';

/** Adds a key and lets it sign at once. @returns its kid. */
export async function newSigningKey(directory: string): Promise<string> {
  const { kid } = await addKey(directory);
  await activateKey(directory, kid, { nowMs: Date.now(), force: true });
  return kid;
}
