import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { UserStore } from '#libs/user';
import { avatarUrl, nameOfFile } from './avatar-file';
import { AvatarStorage } from './storage/avatar-storage';

/** Far longer than an upload takes from its first file to its row. */
const MIN_AGE_MS = 3_600_000;
const BATCH = 500;
const PAUSE_MS = 100;

/** Finds files that no profile shows, left by a crash or by an unavailable storage. */
@Injectable()
export class AvatarOrphans {
  constructor(
    private readonly storage: AvatarStorage,
    private readonly users: UserStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Removes files older than an hour that no profile shows. One query for each 500 files.
   * @param signal ends it between two batches.
   * @returns the number of removed files.
   * @throws DependencyUnavailableError while Postgres or the storage is unavailable; files removed before it stay
   * removed.
   */
  async remove(signal?: AbortSignal): Promise<number> {
    let removed = 0;
    let batch: string[] = [];
    for await (const { file, storedAtMs } of this.storage.list()) {
      if (storedAtMs < this.clock.nowMs() - MIN_AGE_MS) {
        batch.push(file);
      }
      signal?.throwIfAborted();
      if (batch.length === BATCH) {
        removed += await this.removeUnused(batch);
        batch = [];
        await pause(PAUSE_MS);
      }
    }
    return removed + (await this.removeUnused(batch));
  }

  private async removeUnused(files: readonly string[]): Promise<number> {
    const urls = new Map(files.map((file) => [file, urlOf(file)]));
    const asked = [...urls.values()].filter((url) => url !== null);
    const shown = new Set(asked.length > 0 ? await this.users.shownAvatars(asked) : []);
    const unused = files.filter((file) => {
      const url = urls.get(file) ?? null;
      return url === null || !shown.has(url);
    });
    if (unused.length > 0) {
      await this.storage.delete(unused);
    }
    return unused.length;
  }
}

/** @returns null for an unfinished file: no profile can show it. */
function urlOf(file: string): string | null {
  const name = nameOfFile(file);
  return name === null ? null : avatarUrl(name);
}
