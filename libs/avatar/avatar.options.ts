import type { S3Options } from './storage/s3-avatar.storage';

/** The storage of avatars: a directory, or a bucket. */
export class AvatarOptions {
  storage!: { directory: string } | { s3: S3Options };
}
