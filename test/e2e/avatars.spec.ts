import { connect } from 'node:net';
import sharp from 'sharp';
import type { Problem } from '../../libs/http/problems';
import { AvatarOrphans } from '../../libs/avatar';
import { AvatarStorage } from '../../libs/avatar/storage/avatar-storage';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { avatarForm, storedFiles } from '../support/avatars';
import type { Answer, Call } from '../support/http-client';
import { animations, monochromePng, photoWithPlace, picture } from '../support/pictures';
import { someOf } from '../support/long-tests';
import { startTestS3, type TestS3 } from '../support/s3';
import { until } from '../support/until';

const UPLOAD = '/api/auth/profile/avatar';
const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

type ProfileBody = Record<string, unknown> & { avatarUrl: string | null };

let s3: TestS3;

beforeAll(async () => {
  s3 = await startTestS3();
});

afterAll(async () => {
  await s3.stop();
});

const PLACES: [place: string, env: () => Record<string, string>][] = [
  ['in a directory', () => ({})],
  ['in a bucket', () => s3.env],
];

describe.each(someOf(PLACES, 1))('avatars kept %s', (_, env) => {
  let app: TestApp;
  let storage: AvatarStorage;
  let token: string;

  beforeAll(async () => {
    app = await startTestApp({ env: env() });
    storage = app.nest.get(AvatarStorage);
  });

  afterAll(async () => {
    await app.close();
  });

  beforeEach(async () => {
    token = (await app.register()).accessToken;
  });

  const stored = () => storedFiles(app);

  function send(
    content: Uint8Array,
    part?: Parameters<typeof avatarForm>[1],
  ): Promise<Answer<ProfileBody>> {
    return app.http.post<ProfileBody>(UPLOAD, { token, form: avatarForm(content, part) });
  }

  async function show(url: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(new URL(url, app.http.origin), { headers });
  }

  const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
  const smallOf = (url: string) => url.replace('-512.', '-128.');
  const profile = async () =>
    (await app.http.get<ProfileBody>('/api/auth/profile', { token })).body;

  it('are made of every format, in two sizes, and are in the profile at once', async () => {
    const still = ['jpeg', 'png', 'webp', 'gif', 'avif'] as const;
    const pictures = await Promise.all(
      still.map(async (format) => [format, await picture(90, 60).toFormat(format).toBuffer()]),
    );
    const animated = Object.entries(await animations());
    for (const [format, content] of [...pictures, ...animated] as [string, Buffer][]) {
      const answer = await send(content);
      expect([format, answer.status]).toEqual([format, 200]);
      const url = answer.body.avatarUrl!;
      expect(url).toMatch(/^\/avatars\/[0-9a-f]{64}-512\.webp$/);
      expect((await profile()).avatarUrl).toBe(url);
      for (const [address, size] of [
        [url, 512],
        [smallOf(url), 128],
      ] as const) {
        const metadata = await sharp(await bytesOf(await show(address))).metadata();
        expect(metadata).toMatchObject({ format: 'webp', width: size, height: size });
      }
    }
  });

  it('are served with their media type, to every client, and may be cached for ever', async () => {
    const { body } = await send(await picture(64, 64).png().toBuffer());
    const response = await show(body.avatarUrl!);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/webp',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-length': String((await bytesOf(response)).length),
    });
    const etag = response.headers.get('etag')!;
    expect((await show(body.avatarUrl!, { 'if-none-match': etag })).status).toBe(304);
  });

  it('lose place, camera and all other metadata, and are turned upright', async () => {
    const photo = await photoWithPlace();
    expect(photo.includes('SecretCamera')).toBe(true);
    const { body } = await send(photo);
    const served = await bytesOf(await show(body.avatarUrl!));
    const metadata = await sharp(served).metadata();
    expect(metadata.exif).toBeUndefined();
    expect(metadata.icc).toBeUndefined();
    expect(metadata.xmp).toBeUndefined();
    expect(metadata.orientation).toBeUndefined();
    expect(served.includes('SecretCamera')).toBe(false);
    expect(served.includes('EXIF')).toBe(false);
  });

  it('are turned as the camera was held', async () => {
    const drawn = await leftHalfRed();
    const { body } = await send(
      await sharp(drawn).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    );
    const { data, info } = await sharp(await bytesOf(await show(smallOf(body.avatarUrl!))))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => data[(y * info.width + x) * info.channels]!;
    // Turned clockwise, the left side is up.
    expect(at(64, 10)).toBeGreaterThan(200);
    expect(at(64, 118)).toBeLessThan(100);
  });

  it('contain no bytes from behind a picture', async () => {
    const gif = await picture(32, 32).gif().toBuffer();
    const tail = '<script>alert(1)</script><?php system($_GET["c"]); ?>PK\x03\x04';
    const answer = await send(Buffer.concat([gif, Buffer.from(tail)]), { name: 'x.php' });
    expect(answer.status).toBe(200);
    const served = await bytesOf(await show(answer.body.avatarUrl!));
    expect(served.includes('script')).toBe(false);
    expect(served.includes('php')).toBe(false);
  });

  it('are recognised by their content, with any name and type', async () => {
    const png = await picture(32, 32).png().toBuffer();
    for (const name of [
      '../../../etc/passwd',
      '..\\..\\boot.ini',
      'a\u0000.html',
      '.htaccess',
      '',
    ]) {
      const answer = await send(png, { name: name || 'blob', type: 'text/html' });
      expect([name, answer.status]).toEqual([name, 200]);
      expect(answer.body.avatarUrl).toMatch(/^\/avatars\/[0-9a-f]{64}-512\.webp$/);
    }
  });

  it('need no name, and only a type that is not text', async () => {
    const png = await picture(32, 32).png().toBuffer();
    for (const type of ['image/png', 'image/jpeg', 'application/octet-stream', 'image/x; a=b']) {
      const raw = new Uint8Array(
        Buffer.concat([
          Buffer.from(`--b\r\nContent-Disposition: form-data; name="avatar"\r\n`),
          Buffer.from(`Content-Type: ${type}\r\n\r\n`),
          png,
          Buffer.from('\r\n--b--\r\n'),
        ]),
      );
      const headers = { 'content-type': 'multipart/form-data; boundary=b' };
      const answer = await app.http.post(UPLOAD, { token, raw, headers });
      expect([type, answer.status]).toEqual([type, 200]);
    }
  });

  it('replace each other: the old files go after the switch', async () => {
    const before = await stored();
    const first = (await send(await picture(32, 32).png().toBuffer())).body.avatarUrl!;
    const second = (await send(await picture(32, 32).png().toBuffer())).body.avatarUrl!;
    expect((await show(first)).status).toBe(404);
    expect((await show(second)).status).toBe(200);
    expect(await stored()).toHaveLength(before.length + 2);
  });

  it('replace each other when they are sent at once: one is shown, and no other is left', async () => {
    const before = await stored();
    const pictures = await Promise.all(
      Array.from({ length: 4 }, () => picture(32, 32).png().toBuffer()),
    );
    const answers = await Promise.all(pictures.map((content) => send(content)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { avatarUrl } = await profile();
    expect((await show(avatarUrl!)).status).toBe(200);
    expect(await stored()).toHaveLength(before.length + 2);
  });

  it('can be removed', async () => {
    const url = (await send(await picture(32, 32).png().toBuffer())).body.avatarUrl!;
    expect((await app.http.delete(UPLOAD, { token })).status).toBe(204);
    expect((await profile()).avatarUrl).toBeNull();
    expect((await show(url)).status).toBe(404);
    expect((await app.http.delete(UPLOAD, { token })).status).toBe(204);
  });

  it('go with their account', async () => {
    const url = (await send(await picture(32, 32).png().toBuffer())).body.avatarUrl!;
    const json = { currentPassword: PASSWORD };
    expect((await app.http.delete('/api/auth/profile', { token, json })).status).toBe(204);
    expect((await show(url)).status).toBe(404);
    expect((await show(smallOf(url))).status).toBe(404);
  });

  it('that no profile shows are deleted after an hour, and no others', async () => {
    const shown = (await send(await picture(32, 32).png().toBuffer())).body.avatarUrl!;
    const orphan = `${'0'.repeat(64)}-512.webp`;
    await storage.write(orphan, await picture(8, 8).webp().toBuffer());
    const orphans = app.nest.get(AvatarOrphans);
    const before = await stored();
    expect(await orphans.remove()).toBe(0);
    app.clock.advance(HOUR_MS + 60_000);
    expect(await orphans.remove()).toBe(1);
    expect(await stored()).toEqual(before.filter((file) => file !== orphan));
    expect((await show(shown)).status).toBe(200);
    app.clock.advance(-HOUR_MS - 60_000);
  });

  it.each([
    '/avatars/',
    '/avatars',
    '/avatars/..%2f..%2f..%2fetc%2fpasswd',
    '/avatars/%2e%2e%2fsecret',
    `/avatars/${'0'.repeat(64)}-512.webp`,
    `/avatars/${'0'.repeat(64)}-64.webp`,
    `/avatars/${'0'.repeat(64)}-512.webp%00.html`,
    '/avatars/00',
  ])('are not found at %s', async (path) => {
    const answer = await app.http.get(path);
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });

  describe('are not made of', () => {
    const REFUSED: [
      title: string,
      content: () => Promise<Buffer> | Buffer,
      status: number,
      code: string,
    ][] = [
      ['SVG', () => Buffer.from(SVG), 415, 'unsupported_media_type'],
      ['HTML', () => Buffer.from('<html><script>1</script>'), 415, 'unsupported_media_type'],
      ['PDF', () => Buffer.from('%PDF-1.7\n%\xe2\xe3'), 415, 'unsupported_media_type'],
      ['TIFF', () => picture(16, 16).tiff().toBuffer(), 415, 'unsupported_media_type'],
      ['random bytes', () => Buffer.alloc(5000, 7), 415, 'unsupported_media_type'],
      ['the magic of a JPEG alone', () => Buffer.from('ffd8ffe0', 'hex'), 400, 'validation_failed'],
      ['the magic of a PNG before HTML', () => pngMagic('<html>'), 400, 'validation_failed'],
      ['nothing', () => Buffer.alloc(0), 400, 'validation_failed'],
      ['half a JPEG', () => half(picture(200, 200).jpeg()), 400, 'validation_failed'],
      ['half a PNG', () => half(picture(200, 200).png()), 400, 'validation_failed'],
      ['half a WebP', () => half(picture(200, 200).webp()), 400, 'validation_failed'],
      ['half an AVIF', () => half(picture(200, 200).avif({ effort: 0 })), 400, 'validation_failed'],
      ['400 million pixels', () => monochromePng(20_000, 20_000), 400, 'validation_failed'],
      ['26 million pixels', () => monochromePng(26_000, 1_000), 400, 'validation_failed'],
      ['6 MiB', () => Buffer.alloc(6 * MIB, 1), 413, 'payload_too_large'],
      ['a byte more than 5 MiB', () => Buffer.alloc(5 * MIB + 1, 1), 413, 'payload_too_large'],
    ];

    it.each(REFUSED)('%s', async (_title, content, status, code) => {
      const before = await stored();
      const answer = await send(await content(), { name: 'a.jpg' });
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await stored()).toEqual(before);
      expect((await profile()).avatarUrl).toBeNull();
    });

    it('a GIF that breaks off', async () => {
      const answer = await send(await half(picture(200, 200).gif()));
      expect([400, 415]).toContain(answer.status);
      expect((await profile()).avatarUrl).toBeNull();
    });

    it('5 MiB and no more may be read: random bytes of that size are decoded', async () => {
      expect((await send(Buffer.alloc(5 * MIB, 1))).status).toBe(415);
    });

    it('two files, another field, a field more, or a text', async () => {
      const file = new Blob([new Uint8Array(await picture(16, 16).png().toBuffer())]);
      const forms: ((form: FormData) => void)[] = [
        (form) => {
          form.append('avatar', file, 'a.png');
          form.append('avatar', file, 'b.png');
        },
        (form) => form.append('picture', file, 'a.png'),
        (form) => form.append('__proto__', file, 'a.png'),
        (form) => {
          form.append('role', 'admin');
          form.append('avatar', file, 'a.png');
        },
        (form) => {
          form.append('avatar', file, 'a.png');
          form.append('role', 'admin');
        },
        (form) => form.append('avatar', 'text'),
        () => undefined,
      ];
      const before = await stored();
      for (const [index, fill] of forms.entries()) {
        const form = new FormData();
        fill(form);
        const answer = await app.http.post(UPLOAD, { token, form });
        expect([index, answer.status]).toEqual([index, 400]);
        expect(['validation_failed', 'malformed_request']).toContain(answer.body.code);
      }
      expect(await stored()).toEqual(before);
      expect((await profile()).avatarUrl).toBeNull();
    });

    it('a body that is not a form', async () => {
      const raw = new Uint8Array(await picture(16, 16).png().toBuffer());
      for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
        const headers = { 'content-type': type };
        const answer = await app.http.post(UPLOAD, { token, raw, headers });
        expect([type, answer.status]).toEqual([type, 400]);
      }
      const types = [
        'image/png',
        'image/jpeg',
        'application/octet-stream',
        'application/json',
        'application/json; charset=utf-16',
        'application/x-www-form-urlencoded',
        'multipart/mixed; boundary=x',
        'text/plain;charset=UTF-8',
        'no type at all',
      ];
      const calls: Call[] = [
        ...types.map((type) => ({ raw, headers: { 'content-type': type } })),
        { json: {} },
        {},
      ];
      for (const call of calls) {
        const { status, body } = await app.http.post<Problem>(UPLOAD, { token, ...call });
        expect([call.headers, status, body.code, body.detail]).toEqual([
          call.headers,
          415,
          'unsupported_media_type',
          'Send the picture as multipart/form-data, in the field "avatar".',
        ]);
      }
      expect((await app.http.post(UPLOAD)).body.code).toBe('token_missing');
    });

    it('uploads that break off, and these leave room for others', async () => {
      const before = await stored();
      const { hostname, port } = new URL(app.http.origin);
      let refused = 0;
      const open = () => {
        const socket = connect(Number(port), hostname);
        socket.on('data', (answer) => (refused += /^HTTP\/1.1 503 /.test(String(answer)) ? 1 : 0));
        socket.write(
          `POST ${UPLOAD} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
            'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n' +
            '--b\r\nContent-Disposition: form-data; name="avatar"; filename="a.png"\r\n\r\n\x89PNG',
        );
        return socket;
      };
      const sockets = Array.from({ length: 6 }, open);
      // Of one user 4 are under way: see test/abuse/slow-uploads.spec.ts for the other bounds.
      await until('two uploads are refused', () => refused, 2);
      const png = await picture(16, 16).png().toBuffer();
      sockets.forEach((socket) => socket.resetAndDestroy());
      await until('a slot is free', async () => (await send(png)).status, 200);
      expect(await stored()).toHaveLength(before.length + 2);
    });

    it('a form of a client that is not signed in', async () => {
      const form = new FormData();
      form.append('avatar', new Blob([new Uint8Array(3 * MIB)]), 'a.png');
      expect((await app.http.post(UPLOAD, { form })).status).toBe(401);
    });

    it('a form on any other route', async () => {
      const form = new FormData();
      form.append('email', 'a@example.com');
      expect((await app.http.post('/api/auth/login', { form })).status).toBe(415);
    });
  });
});

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>';

/** The left half is red, the right one black. */
async function leftHalfRed(): Promise<Buffer> {
  const red = await sharp({
    create: { width: 50, height: 100, channels: 3, background: '#ff0000' },
  })
    .png()
    .toBuffer();
  return sharp({ create: { width: 100, height: 100, channels: 3, background: '#000000' } })
    .composite([{ input: red, left: 0, top: 0 }])
    .png()
    .toBuffer();
}

function pngMagic(rest: string): Buffer {
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from(rest)]);
}

async function half(image: sharp.Sharp): Promise<Buffer> {
  const content = await image.toBuffer();
  return content.subarray(0, Math.floor(content.length / 2));
}
