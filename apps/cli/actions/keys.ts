import { activateKey, addKey, keyStates, retireKey } from '#libs/auth';
import { loadKeySettings } from '#libs/config';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export interface KeyChangeOptions extends OutputOptions {
  now?: boolean;
}

export async function addSigningKey(options: OutputOptions): Promise<void> {
  const { directory } = loadKeySettings();
  const { kid, active, activatableAtMs } = await addKey(directory);
  const activatableAt = active ? null : toInstant(activatableAtMs);
  const text = active
    ? `The key ${kid} is published and active: it is the first key.`
    : `The key ${kid} is published. After ${activatableAt}, activate it: latchkey keys activate ${kid}`;
  print({ text, data: { kid, active, activatableAt } }, options);
}

export async function activateSigningKey(kid: string, options: KeyChangeOptions): Promise<void> {
  const { directory } = loadKeySettings();
  await activateKey(directory, kid, { nowMs: Date.now(), force: options.now ?? false });
  print(
    { text: `The key ${kid} is active and signs from now on.`, data: { kid, active: true } },
    options,
  );
}

export function listSigningKeys(options: OutputOptions): void {
  const { directory } = loadKeySettings();
  const keys = keyStates(directory).map(({ kid, active, publishedAtMs }) => ({
    kid,
    active,
    publishedAt: toInstant(publishedAtMs),
  }));
  const rows = keys.map(({ kid, active, publishedAt }) => [
    kid,
    active ? 'signs' : 'verifies',
    publishedAt,
  ]);
  print({ text: formatTable(['KEY', 'STATE', 'PUBLISHED'], rows), data: { keys } }, options);
}

export async function retireSigningKey(kid: string, options: KeyChangeOptions): Promise<void> {
  const { directory, jwtExpiresInSeconds } = loadKeySettings();
  const change = { nowMs: Date.now(), force: options.now ?? false };
  await retireKey(directory, kid, jwtExpiresInSeconds * 1000, change);
  const text = `The key ${kid} is removed; tokens that it signed are refused.`;
  print({ text, data: { kid, removed: true } }, options);
}

function toInstant(ms: number): string {
  return new Date(Math.ceil(ms / 1000) * 1000).toISOString().replace('.000', '');
}
