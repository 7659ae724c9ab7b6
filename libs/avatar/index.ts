export { AvatarModule } from './avatar.module';
export { AvatarOptions } from './avatar.options';
export { AvatarOrphans } from './avatar-orphans';
export { AvatarService } from './avatar.service';
export {
  AVATAR_FIELD,
  AvatarNotFoundError,
  UnsupportedImageError,
  UnusableImageError,
} from './avatar.errors';
export type { S3Options } from './storage/s3-avatar.storage';
