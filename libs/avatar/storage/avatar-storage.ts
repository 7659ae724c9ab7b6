/** A stored file in a listing. */
export interface StoredFile {
  file: string;
  /** Unix time in ms. */
  storedAtMs: number;
}

/**
 * The storage of avatar files. File names come from `avatarFile`, never unchecked from a request. All methods throw
 * DependencyUnavailableError while the storage is unavailable.
 */
export abstract class AvatarStorage {
  /** Resolves when the file is stored durably and completely. */
  abstract write(file: string, content: Uint8Array): Promise<void>;

  /**
   * Files have about 50 kB.
   * @returns null for a file that does not exist.
   */
  abstract read(file: string): Promise<Uint8Array | null>;

  /** Idempotent. */
  abstract delete(files: readonly string[]): Promise<void>;

  /** All files that `write` has left, complete or not, in no order. */
  abstract list(): AsyncIterable<StoredFile>;
}
