import { Injectable, Logger } from '@nestjs/common';
import { UserCaches } from '#libs/cache';
import { DependencyUnavailableError } from '#libs/common';
import { serializeError } from '#libs/log';
import { UserStore, type VersionedProfile } from '#libs/user';
import { AvatarEncoder } from './avatar-encoder';
import {
  AVATAR_SIZES,
  avatarFile,
  avatarFiles,
  avatarUrl,
  nameOfFile,
  nameOfUrl,
  newAvatarName,
} from './avatar-file';
import { AvatarStorage } from './storage/avatar-storage';

/**
 * Avatars. Files are written before the row and removed after it: a crash at any point leaves an extra file, which
 * `AvatarOrphans` removes, and never a profile without its file. All methods throw DependencyUnavailableError while
 * Postgres or the storage is unavailable.
 */
@Injectable()
export class AvatarService {
  private readonly logger = new Logger('Avatars');

  constructor(
    private readonly encoder: AvatarEncoder,
    private readonly storage: AvatarStorage,
    private readonly users: UserStore,
    private readonly caches: UserCaches,
  ) {}

  /**
   * Replaces a user's avatar and removes the old one.
   * @param content of the upload, at most a few MB.
   * @returns the changed profile; null for a user that does not exist.
   * @throws UnsupportedImageError, UnusableImageError
   */
  async replace(userId: string, content: Uint8Array): Promise<VersionedProfile | null> {
    const encoded = await this.encoder.encode(content);
    const name = newAvatarName(encoded[AVATAR_SIZES[0]]);
    await Promise.all(
      AVATAR_SIZES.map((size) => this.storage.write(avatarFile(name, size), encoded[size])),
    );
    const changed = await this.show(userId, avatarUrl(name));
    if (!changed) {
      await this.discard(avatarUrl(name));
    }
    return changed;
  }

  /**
   * Removes a user's avatar.
   * @returns the changed profile; null for a user that does not exist.
   */
  async remove(userId: string): Promise<VersionedProfile | null> {
    return this.show(userId, null);
  }

  /** Removes the files of an avatar that no profile shows any more, if the storage is available. */
  async discard(url: string | null): Promise<void> {
    const name = nameOfUrl(url);
    if (name === null) {
      return;
    }
    try {
      await this.storage.delete(avatarFiles(name));
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        throw error;
      }
      this.logger.warn(
        { err: serializeError(error.cause) },
        'the files of an old avatar stay until the next clean-up',
      );
    }
  }

  /** @returns the picture in WebP; null for an unknown or malformed name. */
  async read(file: string): Promise<Uint8Array | null> {
    return nameOfFile(file) === null ? null : this.storage.read(file);
  }

  private async show(userId: string, url: string | null): Promise<VersionedProfile | null> {
    const changed = await this.caches.change(userId, () => this.users.replaceAvatar(userId, url));
    await this.discard(changed?.previousAvatarUrl ?? null);
    return changed;
  }
}
