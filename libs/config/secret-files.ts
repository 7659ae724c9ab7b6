import { describeSettings } from './describe-settings';
import type { Environment } from './settings';
import { SettingsError } from './settings-error';
import { readTextFile } from './text-file';

/** Settings that hold a secret. `<name>_FILE` names a file that holds it instead. */
export const SECRET_SETTINGS = describeSettings()
  .filter(({ secret }) => secret)
  .map(({ name }) => name);

/**
 * Replaces the names of secret files by their content, without the trailing line end that editors add. A file keeps a
 * secret out of the environment, which child processes inherit and many tools show.
 * @throws SettingsError for a file that cannot be read or is empty, or a secret that is set twice.
 */
export function withSecretFiles(env: Environment): Environment {
  const secrets = SECRET_SETTINGS.flatMap((name) => {
    const path = env[`${name}_FILE`];
    return path ? [[name, secretIn(path, name, env)] as const] : [];
  });
  return { ...env, ...Object.fromEntries(secrets) };
}

function secretIn(path: string, name: string, env: Environment): string {
  if (env[name]) {
    throw new SettingsError(`${name}_FILE`, `must not be set together with ${name}`);
  }
  let content: string;
  try {
    content = readTextFile(path);
  } catch (error) {
    throw new SettingsError(`${name}_FILE`, `names a file that ${(error as Error).message}`);
  }
  const secret = content.replace(/\r?\n$/, '');
  if (secret === '') {
    throw new SettingsError(`${name}_FILE`, 'names a file that is empty');
  }
  return secret;
}
