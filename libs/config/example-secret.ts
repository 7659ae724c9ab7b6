import { parsePostgresUrl } from '#libs/common';
import { SettingsError } from './settings-error';
import type { DeclaredSettings } from './settings-schema';

/**
 * Common words of placeholders. Each has 8 characters or more: fewer than one random base64 value of 32 bytes in 10^9
 * holds one of them, and no hexadecimal value does.
 */
const PLACEHOLDER =
  /(change|replace|insert)[\W_]?(this|it|here)([\W_]|$)|(change|replace)[\W_]?me|placeholder|(random|jwt|your|super|top|long)[\W_]?secret|secret[\W_]?(key|password)|your[\W_]?password|(^|[\W_])example([\W_]|$)/i;
/** Passwords of our own examples that hold no such word. */
const EXAMPLES = ['password', 'secret', 'latchkey', 'postgres', 'redis'];

/** Whether a secret is one of an example file, or contains a placeholder. */
export function isPlaceholder(secret: string): boolean {
  return PLACEHOLDER.test(secret) || EXAMPLES.includes(secret.toLowerCase());
}

/** Whether a text repeats one pattern; the last repetition may be incomplete. */
export function repeatsPattern(text: string): boolean {
  const longest = Math.floor(text.length / 2);
  return Array.from({ length: longest }, (_, index) => index + 1).some((length) =>
    text.startsWith(text.slice(0, -length), length),
  );
}

/**
 * For production: secrets of example files are public.
 * @throws SettingsError
 */
export function refuseExampleSecrets({
  introspectionClients,
  databaseUrl,
  redisUrl,
  redisSentinelPassword,
}: Pick<
  DeclaredSettings,
  'introspectionClients' | 'databaseUrl' | 'redisUrl' | 'redisSentinelPassword'
>): void {
  if (introspectionClients.some(({ secret }) => isPlaceholder(secret))) {
    throw new SettingsError('INTROSPECTION_CLIENTS', 'must not hold a placeholder as a secret');
  }
  if (introspectionClients.some(({ secret }) => repeatsPattern(secret))) {
    throw new SettingsError(
      'INTROSPECTION_CLIENTS',
      'must hold random secrets: one repeats a pattern',
    );
  }
  const passwords = {
    DATABASE_URL: parsePostgresUrl(databaseUrl).password,
    REDIS_URL: decodeURIComponent(new URL(redisUrl).password),
    REDIS_SENTINEL_PASSWORD: redisSentinelPassword,
  };
  for (const [variable, password] of Object.entries(passwords)) {
    if (password !== undefined && isPlaceholder(password)) {
      throw new SettingsError(variable, 'must not hold the password of an example');
    }
  }
}
