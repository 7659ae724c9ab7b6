import { gzipSync } from 'node:zlib';
import { startTestApp, type TestApp } from '../support/app';
import { avatarForm, storedFiles } from '../support/avatars';
import { readText } from '../support/document';
import { picture } from '../support/pictures';

const UPLOAD = '/api/auth/profile/avatar';
/** A file name with every character that could end a header or leave a folder. */
const NAME = '../../evil";x=y\u202egpj.html';

let app: TestApp;
let token: string;

beforeAll(async () => {
  app = await startTestApp();
  ({ accessToken: token } = await app.register());
});

afterAll(async () => {
  await app.close();
});

async function upload(content: Uint8Array, name = 'a.png') {
  const form = avatarForm(content, { name, type: 'image/png' });
  return app.http.post<{ avatarUrl: string; code?: string }>(UPLOAD, { token, form });
}

describe('docs/avatars.md', () => {
  const documentation = readText('docs/avatars.md');

  it('V5.1.1: names the formats that are read', () => {
    const [, list = ''] =
      /const LOADERS = \[([^\]]+)\]/.exec(readText('libs/avatar/avatar-encoder.ts')) ?? [];
    const names: Record<string, string> = {
      Jpeg: 'JPEG',
      Png: 'PNG',
      Webp: 'WebP',
      Nsgif: 'GIF',
      Heif: 'AVIF',
    };
    const formats = [...list.matchAll(/'(\w+)'/g)].map(([, loader = '']) => names[loader]);
    expect(documentation).toContain(`| ${formats.join(', ')} `);
  });

  it('V5.1.1: names the size limits, compressed and decompressed, and the answer beyond them', () => {
    expect(readText('apps/api/profile/avatar-upload.ts')).toContain('= 5 * 1024 * 1024;');
    expect(readText('libs/avatar/avatar-encoder.ts')).toContain('MAX_PIXELS = 25_000_000;');
    expect(documentation).toMatch(/^\| over 25 million pixels +\| 400/m);
    expect(documentation).toMatch(/^\| over 5 MiB +\| 413/m);
    expect(documentation).toContain('only the pixels are kept');
    expect(documentation).toContain('the name and the type in the form are ignored');
  });
});

describe('a file', () => {
  it.each([
    ['a ZIP', Buffer.from('504b03040a0000000000', 'hex')],
    ['an empty ZIP', Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex')],
    ['a gzip', gzipSync(Buffer.alloc(100_000))],
    ['a tar', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\u000000'), Buffer.alloc(248)])],
    ['a 7z', Buffer.from('377abcaf271c0004', 'hex')],
    ['an SVG, packed', gzipSync('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ])('V5.2.3, V5.2.5: that is %s is never opened', async (_what, content) => {
    const { status, body } = await upload(content);
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
    expect(await storedFiles(app)).toEqual([]);
  });

  it('V5.3.2, V5.3.3, V5.4.2: passes no part of its name to the disk or to a header', async () => {
    const { status, body } = await upload(await picture(64, 64).png().toBuffer(), NAME);
    expect(status).toBe(200);
    for (const file of await storedFiles(app)) {
      expect(file).toMatch(/^[0-9a-f]{64}-(512|128)\.webp$/);
    }
    const shown = await app.http.get(body.avatarUrl);
    expect(JSON.stringify([...shown.headers, body])).not.toMatch(/evil|html|x=y/);
  });

  it('V5.3.1, V5.4.3: is never served as it was sent', async () => {
    const content = await picture(512, 512).webp().toBuffer();
    const trailer = '<script>alert(1)</script><?php system("id") ?>';
    const { body } = await upload(Buffer.concat([content, Buffer.from(trailer)]));
    const answer = await fetch(new URL(body.avatarUrl, app.http.origin));
    const shown = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get('content-type')).toBe('image/webp');
    expect(shown.equals(content)).toBe(false);
    expect(shown.includes('script') || shown.includes('php')).toBe(false);
  });

  it('V5.4.1: is served under a generated name', async () => {
    const { body } = await upload(await picture(64, 64).png().toBuffer(), NAME);
    const { headers } = await app.http.get(body.avatarUrl);
    expect(headers.get('content-disposition')).toMatch(
      /^(inline|attachment); filename="[\w.-]+\.webp"$/,
    );
  });
});
