import {
  activatableAtMs,
  activateKey,
  addKey,
  keyStates,
  retirableAtMs,
  retireKey,
  type KeyState,
} from '#libs/auth';
import { loadKeySettings } from '#libs/config';
import { print, type OutputOptions } from '../output';
import { formatTable } from '../table';

export interface KeyChangeOptions extends OutputOptions {
  now?: boolean;
}

export async function addSigningKey(options: OutputOptions): Promise<void> {
  const { directory } = loadKeySettings();
  const key = await addKey(directory);
  const { kid, state } = key;
  const activatableAt = state === 'published' ? toInstant(activatableAtMs(key)) : null;
  const text =
    activatableAt === null
      ? `The key ${kid} is published and signs: it is the first key.`
      : `The key ${kid} is published. After ${activatableAt}, activate it: latchkey keys activate ${kid}`;
  print({ text, data: { kid, state, activatableAt } }, options);
}

export async function activateSigningKey(kid: string, options: KeyChangeOptions): Promise<void> {
  const { directory } = loadKeySettings();
  await activateKey(directory, kid, { nowMs: Date.now(), force: options.now ?? false });
  print(
    { text: `The key ${kid} is active and signs from now on.`, data: { kid, state: 'signing' } },
    options,
  );
}

export function listSigningKeys(options: OutputOptions): void {
  const { directory, jwtExpiresInSeconds } = loadKeySettings();
  const keys = keyStates(directory).map((key) => listed(key, jwtExpiresInSeconds * 1000));
  const rows = keys.map(({ kid, state, since, activatableAt, retirableAt }) => [
    kid,
    state,
    since,
    nextStep(activatableAt, state === 'retiring' ? retirableAt : null),
  ]);
  print({ text: formatTable(['KEY', 'STATE', 'SINCE', 'NEXT'], rows), data: { keys } }, options);
}

function listed(key: KeyState, tokenTtlMs: number) {
  const { kid, state, publishedAtMs, sinceMs } = key;
  const retirableMs = retirableAtMs(key, tokenTtlMs);
  return {
    kid,
    state,
    publishedAt: toInstant(publishedAtMs),
    since: toInstant(sinceMs),
    activatableAt: state === 'published' ? toInstant(activatableAtMs(key)) : null,
    retirableAt: retirableMs === null ? null : toInstant(retirableMs),
  };
}

function nextStep(activatableAt: string | null, retirableAt: string | null): string {
  if (activatableAt !== null) {
    return `activate after ${activatableAt}`;
  }
  return retirableAt === null ? '' : `retire after ${retirableAt}`;
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
