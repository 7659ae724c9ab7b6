import type { S3Options } from './storage/s3-avatar.storage';

/** Where avatars are kept: in a directory, or in a bucket. */
export class AvatarOptions {
  storage!: { directory: string } | { s3: S3Options };
}
