import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DependencyUnavailableError } from '#libs/common';
import { nameOfFile } from '../avatar-file';
import { AvatarStorage, type StoredFile } from './avatar-storage';

const UNFINISHED = '.part';

/**
 * Avatars in a directory, in folders by the first two characters. Several processes may share it, also over a network
 * file system.
 */
export class DiskAvatarStorage extends AvatarStorage {
  /** @param directory created on first use. */
  constructor(private readonly directory: string) {
    super();
  }

  /** Writes to a temporary name first: a crash leaves no partial file under the real name. */
  async write(file: string, content: Uint8Array): Promise<void> {
    const path = this.pathOf(file);
    const unfinished = `${path}.${randomUUID()}${UNFINISHED}`;
    await guarded(async () => {
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(unfinished, 'wx', 0o644);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, path);
    });
  }

  async read(file: string): Promise<Uint8Array | null> {
    return guarded(() => orNull(readFile(this.pathOf(file))));
  }

  async delete(files: readonly string[]): Promise<void> {
    await guarded(() => Promise.all(files.map((file) => rm(this.pathOf(file), { force: true }))));
  }

  async *list(): AsyncIterable<StoredFile> {
    for (const folder of await entriesOf(this.directory)) {
      for (const file of await entriesOf(join(this.directory, folder))) {
        const found = isOurs(file)
          ? await guarded(() => orNull(stat(join(this.directory, folder, file))))
          : null;
        if (found) {
          yield { file, storedAtMs: found.mtimeMs };
        }
      }
    }
  }

  private pathOf(file: string): string {
    return join(this.directory, file.slice(0, 2), file);
  }
}

/** Ignores files of other programs. */
function isOurs(file: string): boolean {
  const whole = file.endsWith(UNFINISHED) ? file.replace(/\.[^.]+\.part$/, '') : file;
  return nameOfFile(whole) !== null;
}

async function entriesOf(directory: string): Promise<string[]> {
  return (await guarded(() => orNull(readdir(directory)))) ?? [];
}

/** Treats a missing file, and a path that is no directory, as absent. */
async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return null;
    }
    throw error;
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new DependencyUnavailableError('avatar storage', { cause: error });
  }
}
