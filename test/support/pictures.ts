import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** A picture of random colours, so that compression does not shrink it. */
export function picture(width: number, height: number) {
  return sharp({
    create: {
      width,
      height,
      channels: 3,
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
      background: '#808080',
    },
  });
}

/** A JPEG as a phone takes it, with the place. */
export function photoWithPlace(): Promise<Buffer> {
  return picture(400, 300)
    .withExif({
      IFD0: { Make: 'SecretCamera' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '51/1 30/1 0/1',
        GPSLongitudeRef: 'W',
        GPSLongitude: '0/1 7/1 0/1',
      },
    })
    .jpeg()
    .toBuffer();
}

/** A PNG of one colour: few bytes for any number of pixels. */
export function monochromePng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((1 + Math.ceil(width / 8)) * height);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** Red, then blue: 16 pixels a side, as an animation in each format that supports it. */
export async function animations(): Promise<Record<string, Buffer>> {
  const frames = await Promise.all(
    ['#f00', '#00f'].map((colour) => plain(colour).png().toBuffer()),
  );
  const animated = sharp(frames, { join: { animated: true } });
  return {
    gif: await animated.clone().gif().toBuffer(),
    webp: await animated.clone().webp({ lossless: true }).toBuffer(),
    png: await animatedPng(),
    avif: Buffer.from(ANIMATED_AVIF, 'base64'),
  };
}

/** 16 pixels a side, of one colour. */
export function plain(background: string) {
  return sharp({ create: { width: 16, height: 16, channels: 3, background } });
}

/** A still PNG whose second picture is in chunks of its own. */
async function animatedPng(): Promise<Buffer> {
  const [first, second] = await Promise.all(
    ['#f00', '#00f'].map(async (colour) => pixelRows(await plain(colour).raw().toBuffer())),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(16, 0);
  header.writeUInt32BE(16, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const control = (sequence: number) => {
    const data = Buffer.alloc(26);
    data.writeUInt32BE(sequence, 0);
    data.writeUInt32BE(16, 4);
    data.writeUInt32BE(16, 8);
    data.writeUInt16BE(1, 20);
    data.writeUInt16BE(10, 22);
    return pngChunk('fcTL', data);
  };
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0])),
    control(0),
    pngChunk('IDAT', deflateSync(first!)),
    control(1),
    pngChunk('fdAT', Buffer.concat([Buffer.from([0, 0, 0, 2]), deflateSync(second!)])),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Each row of 16 RGB pixels with the filter none. */
function pixelRows(pixels: Buffer): Buffer {
  const rows = Array.from({ length: 16 }, (_, y) => pixels.subarray(y * 48, (y + 1) * 48));
  return Buffer.concat(rows.flatMap((row) => [Buffer.from([0]), row]));
}

/** Made by libavif: sharp writes no animations of this format. */
const ANIMATED_AVIF =
  'AAAALGZ0eXBhdmlzAAAAAGF2aWZhdmlzbXNmMWlzbzhtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAA' +
  'cGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAPlAAAAKAAAAChpaW5mAAAA' +
  'AAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAEAAAABAAAAAQcGl4' +
  'aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAACxm1vb3YA' +
  'AAB4bXZoZAEAAAAAAAAA5zFMBgAAAADnMUwGAAAD6P//////////AAEAAAEAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAA' +
  'AQAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAJGdHJhawAAAGh0a2hkAQAAAQAAAADn' +
  'MUwGAAAAAOcxTAYAAAABAAAAAP//////////AAAAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAA' +
  'AAAAQAAAAAAQAAAAEAAAAAAALGVkdHMAAAAkZWxzdAEAAAEAAAABAAAAAAAAAMgAAAAAAAAAAAABAAAAAAGqbWRpYQAAACxt' +
  'ZGhkAQAAAAAAAADnMUwGAAAAAOcxTAYAAAPoAAAAAAAAAMhVxAAAAAAAIWhkbHIAAAAAAAAAAHBpY3QAAAAAAAAAAAAAAAAA' +
  'AAABVW1pbmYAAAAUdm1oZAAAAAEAAAAAAAAAAAAAACRkaW5mAAAAHGRyZWYAAAAAAAAAAQAAAAx1cmwgAAAAAQAAARVzdGJs' +
  'AAAAlXN0c2QAAAAAAAAAAQAAAIVhdjAxAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAABAAEABIAAAASAAAAAAAAAABCkFPTSBD' +
  'b2RpbmcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGP//AAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABBjY3N0AAAA' +
  'AHwAAAAAAAAYc3R0cwAAAAAAAAABAAAAAgAAAGQAAAAcc3RzYwAAAAAAAAABAAAAAQAAAAIAAAABAAAAHHN0c3oAAAAAAAAA' +
  'AAAAAAIAAAAoAAAAIAAAABRzdGNvAAAAAAAAAAEAAAPlAAAAFHN0c3MAAAAAAAAAAQAAAAEAAABQbWRhdBIACg0AAAABn/m1' +
  '8iAhoNCAMhUQAKAAAAJAAAAAeJ1sSc3X3xw45oASADIcMAPAgAAARqAAAAJAACAAGDoy2gG0+OWuuaTpwA==';
