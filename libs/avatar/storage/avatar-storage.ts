/** A file that is kept, as a listing shows it. */
export interface StoredFile {
  file: string;
  /** Unix time in ms. */
  storedAtMs: number;
}

/**
 * Where the files of avatars are kept. Names of files are ours (`avatarFile`): never from a request
 * without a check. All methods throw DependencyUnavailableError when the storage cannot be used.
 */
export abstract class AvatarStorage {
  /** Resolves when the file is there for good, whole. */
  abstract write(file: string, content: Uint8Array): Promise<void>;

  /** Files have some 50 kB. @returns null for a file that does not exist. */
  abstract read(file: string): Promise<Uint8Array | null>;

  /** Idempotent. */
  abstract delete(files: readonly string[]): Promise<void>;

  /** Everything that `write` has left, whole or not, in no order. */
  abstract list(): AsyncIterable<StoredFile>;
}
