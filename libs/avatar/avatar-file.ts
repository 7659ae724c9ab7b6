import { createHash, randomBytes } from 'node:crypto';

/** Sizes of the stored squares, in pixels per side. */
export const AVATAR_SIZES = [512, 128] as const;
export type AvatarSize = (typeof AVATAR_SIZES)[number];

const FILE = /^(?<name>[0-9a-f]{64})-(?:512|128)\.webp$/;
const PATH = '/avatars/';

/**
 * A new name of a picture: the SHA-256 of its content and of 16 random bytes, in hex. A name stands for one content for
 * ever and is never reused: removing a file can never remove one that was uploaded since, or that another user's
 * profile shows. A name cannot be derived from the picture.
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

/** @returns the name of the picture; null for a file name of another form. */
export function nameOfFile(file: string): string | null {
  return FILE.exec(file)?.groups?.name ?? null;
}

/** The path of the picture in its larger size, on the API's host. */
export function avatarUrl(name: string): string {
  return PATH + avatarFile(name, AVATAR_SIZES[0]);
}

/** @returns the name of the picture; null without a URL and for one of another form. */
export function nameOfUrl(url: string | null): string | null {
  return url?.startsWith(PATH) ? nameOfFile(url.slice(PATH.length)) : null;
}
