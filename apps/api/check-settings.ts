import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { SettingsError, type Settings } from '#libs/config';

/**
 * Checks the settings that need no store: the addresses to listen on, the directory of the keys, and that of the
 * avatars, which it creates where it is missing.
 * @throws SettingsError for the first setting that cannot work.
 */
export async function checkSettings(settings: Settings): Promise<void> {
  await tryToListen(settings.host, settings.port, 'PORT');
  if (settings.metricsPort !== undefined) {
    await tryToListen(settings.host, settings.metricsPort, 'METRICS_PORT');
  }
  const { accepted, ...signing } = settings.jwtKeys;
  if ([signing, ...accepted].some((keys) => 'directory' in keys)) {
    // Loads most libraries, which secrets do not need.
    const { keyRingOf } = await import('../key-ring.js');
    keyRingOf(settings.jwtKeys);
  }
  if ('directory' in settings.avatarStorage) {
    await tryToWriteTo(settings.avatarStorage.directory);
  }
}

async function tryToListen(host: string, port: number, variable: string): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, variable);
  }
  await new Promise((resolve) => server.close(resolve));
}

function listenError({ code = 'unknown' }: NodeJS.ErrnoException, variable: string): SettingsError {
  switch (code) {
    case 'EADDRINUSE':
      return new SettingsError(variable, 'is taken by another program');
    case 'EACCES':
      return new SettingsError(
        variable,
        'needs privileges that this user lacks: use 1024 or above',
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
      return new SettingsError('HOST', `is not an address of this machine (${code})`);
    default:
      return new SettingsError(variable, `cannot be listened on (${code})`);
  }
}

async function tryToWriteTo(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new SettingsError('AVATAR_DIR', `names a directory that cannot be written (${code})`);
  }
}
