import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { animations, picture, plain } from '../../test/support/pictures';
import { AvatarEncoder } from './avatar-encoder';
import { UnsupportedImageError } from './avatar.errors';

const STILL = ['jpeg', 'png', 'webp', 'gif', 'avif'] as const;
const ANIMATED = ['png', 'webp', 'gif', 'avif'] as const;

describe('the encoder of avatars', () => {
  const encoder = new AvatarEncoder();

  /** Red, green and blue of its middle. */
  async function middleOf(content: Uint8Array): Promise<number[]> {
    const { 128: encoded } = await encoder.encode(content);
    const { data, info } = await sharp(encoded).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([128, 128]);
    const at = (64 * 128 + 64) * info.channels;
    return [...data.subarray(at, at + 3)];
  }

  function expectRed([red, green, blue]: number[]): void {
    expect(red).toBeGreaterThan(240);
    expect(green).toBeLessThan(15);
    expect(blue).toBeLessThan(15);
  }

  it.each(STILL)('takes a still %s', async (format) => {
    expectRed(await middleOf(await plain('#f00').toFormat(format).toBuffer()));
  });

  it.each(ANIMATED)('takes of an animated %s its first picture', async (format) => {
    expectRed(await middleOf((await animations())[format]!));
  });

  it('does not change its input', async () => {
    const { avif } = await animations();
    const copy = Buffer.from(avif!);
    await encoder.encode(avif!);
    expect(avif).toEqual(copy);
  });

  it('decodes one picture at once, two on four processors and more', async () => {
    const content = await picture(400, 400).jpeg().toBuffer();
    let mostAtOnce = 0;
    const count = () => {
      // Not with those that wait: a picture that starts between the two readings would count twice.
      mostAtOnce = Math.max(mostAtOnce, sharp.counters().process);
    };
    sharp.queue.on('change', count);
    await Promise.all(Array.from({ length: 4 }, () => encoder.encode(content)));
    sharp.queue.off('change', count);
    expect(mostAtOnce).toBeGreaterThan(0);
    expect(mostAtOnce).toBeLessThanOrEqual(availableParallelism() < 4 ? 1 : 2);
  });

  it('refuses an AVIF that has no still picture', async () => {
    const { avif } = await animations();
    const film = Buffer.from(avif!);
    film.write('avio', film.indexOf('avif'), 'latin1');
    await expect(encoder.encode(film)).rejects.toThrow(UnsupportedImageError);
  });
});
