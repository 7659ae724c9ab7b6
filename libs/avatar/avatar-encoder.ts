import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import pLimit from 'p-limit';
import type { Metadata } from 'sharp';
import { AVATAR_SIZES, type AvatarSize } from './avatar-file';
import { UnsupportedImageError, UnusableImageError } from './avatar.errors';

/** Limits of an uploaded picture: 25 megapixels, at most 200 MB once decoded. */
const MAX_PIXELS = 25_000_000;
const DECODE_DEADLINE_SECONDS = 15;
const WEBP_QUALITY = 82;

/** Half the processors, and half of libuv's threads, stay free for sign-ins and reads. */
const DECODED_AT_ONCE = Math.max(1, Math.min(2, Math.floor(availableParallelism() / 2)));

/** The decoders that may read a picture: no SVG, PDF, TIFF or others of libvips. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map(
  (format) => `VipsForeignLoad${format}Buffer`,
);

/** Size of the box `ftyp` (ISO/IEC 14496-12 section 4.3) at the start of a file; valid ones are far shorter. */
const MAJOR_BRAND_AT = 8;
const COMPATIBLE_BRANDS_AT = 16;
const MAX_FTYP_BYTES = 256;

const UNKNOWN_FORMAT = 'unsupported image format';
const DAMAGED = 'is damaged or incomplete';

export type EncodedAvatar = Record<AvatarSize, Buffer>;

type Sharp = typeof import('sharp');

/**
 * Makes pictures harmless: decodes the upload and encodes its pixels anew. Nothing else of it is kept: no metadata, no
 * location, no colour profile, no second file behind the first.
 */
@Injectable()
export class AvatarEncoder {
  private readonly limit = pLimit(DECODED_AT_ONCE);
  private loaded: Promise<Sharp> | undefined;

  /**
   * Upright squares in WebP, sRGB, cut from the centre; of an animation its first frame.
   * @throws UnsupportedImageError, UnusableImageError
   */
  async encode(picture: Uint8Array): Promise<EncodedAvatar> {
    return this.limit(async () => {
      const content = withStillBrand(picture);
      const sharp = await (this.loaded ??= loadSharp());
      await inspect(sharp, content);
      try {
        // Decoded once: the smaller square is scaled from the larger.
        const { data, info } = await decoder(sharp, content)
          .autoOrient()
          .resize(AVATAR_SIZES[0], AVATAR_SIZES[0], { fit: 'cover' })
          .toColourspace('srgb')
          .raw()
          .toBuffer({ resolveWithObject: true });
        const { width, height, channels } = info;
        const encode = (size: AvatarSize) =>
          sharp(data, { raw: { width, height, channels } })
            .resize(size, size)
            .webp({ quality: WEBP_QUALITY })
            .toBuffer();
        return { 512: await encode(512), 128: await encode(128) };
      } catch {
        throw new UnusableImageError(DAMAGED);
      }
    });
  }
}

/** Loaded at the first picture: libvips uses 12 MB of memory. */
async function loadSharp(): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  // Uploads do not repeat: a cache would only use memory.
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp;
}

/**
 * An animated AVIF that is declared as a still one too (brand `avif`, AVIF specification section 6) contains its first
 * frame as such, but libvips detects the format by the major brand alone.
 * @returns a copy if there is a change.
 */
function withStillBrand(content: Uint8Array): Uint8Array {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.toString('latin1', 4, 12) !== 'ftypavis') {
    return content;
  }
  const boxEnd = Math.min(bytes.readUInt32BE(0), bytes.length, MAX_FTYP_BYTES);
  for (let at = COMPATIBLE_BRANDS_AT; at + 4 <= boxEnd; at += 4) {
    if (bytes.toString('latin1', at, at + 4) === 'avif') {
      const still = Buffer.from(bytes);
      still.write('avif', MAJOR_BRAND_AT, 'latin1');
      return still;
    }
  }
  return content;
}

/** Reads the header only: nothing is decoded before the format and the size are known. */
async function inspect(sharp: Sharp, content: Uint8Array): Promise<void> {
  let metadata: Metadata;
  try {
    metadata = await sharp(content, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw (error as Error).message.includes(UNKNOWN_FORMAT)
      ? new UnsupportedImageError({ cause: error })
      : new UnusableImageError(DAMAGED);
  }
  if (metadata.format === 'heif' && metadata.compression !== 'av1') {
    throw new UnsupportedImageError();
  }
  if (metadata.width * metadata.height > MAX_PIXELS) {
    throw new UnusableImageError(`must have at most ${MAX_PIXELS / 1e6} million pixels`);
  }
}

function decoder(sharp: Sharp, content: Uint8Array) {
  return sharp(content, {
    limitInputPixels: MAX_PIXELS,
    failOn: 'error',
    sequentialRead: true,
  }).timeout({ seconds: DECODE_DEADLINE_SECONDS });
}
