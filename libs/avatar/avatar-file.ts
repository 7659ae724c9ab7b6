import { createHash, randomBytes } from 'node:crypto';

/** Pixels a side of the squares that are kept of each picture. */
export const AVATAR_SIZES = [512, 128] as const;
export type AvatarSize = (typeof AVATAR_SIZES)[number];

const FILE = /^(?<name>[0-9a-f]{64})-(?:512|128)\.webp$/;
const PATH = '/avatars/';

/**
 * A new name for a picture: the SHA-256 of its content and of 16 random bytes, in hex. So a name stands
 * for one content for ever and is never used again: whoever removes a file cannot take one away that
 * was uploaded anew meanwhile, or that another user shows. And nobody finds it by knowing the picture.
 */
export function newAvatarName(content: Uint8Array): string {
  return createHash('sha256').update(randomBytes(16)).update(content).digest('hex');
}

/** The file of a picture in one size. */
export function avatarFile(name: string, size: AvatarSize): string {
  return `${name}-${size}.webp`;
}

/** All files of a picture. */
export function avatarFiles(name: string): string[] {
  return AVATAR_SIZES.map((size) => avatarFile(name, size));
}

/** @returns the name of the picture; null for what is no file of ours. */
export function nameOfFile(file: string): string | null {
  return FILE.exec(file)?.groups?.name ?? null;
}

/** Where the picture is served, in its larger size: a path on the API's own host. */
export function avatarUrl(name: string): string {
  return PATH + avatarFile(name, AVATAR_SIZES[0]);
}

/** @returns the name of the picture; null for no address and for one that is not ours. */
export function nameOfUrl(url: string | null): string | null {
  return url?.startsWith(PATH) ? nameOfFile(url.slice(PATH.length)) : null;
}
