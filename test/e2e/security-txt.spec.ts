import { startTestApp, type TestApp } from '../support/app';

const PATH = '/.well-known/security.txt';
const CONTACTS = ['mailto:security@example.com', 'https://example.com/report?from=file'];

describe('security.txt (RFC 9116)', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { SECURITY_CONTACT: CONTACTS.join(', ') } });
  });
  afterAll(() => app.close());

  const read = async (of: TestApp) => {
    const response = await fetch(of.http.origin + PATH);
    return { type: response.headers.get('content-type'), text: await response.text() };
  };

  it('lists the contacts in their order, and expires in less than a year', async () => {
    const { type, text } = await read(app);
    expect(type).toBe('text/plain; charset=utf-8');
    const [first, second, expires = '', ...rest] = text.split('\n');
    expect([first, second]).toEqual(CONTACTS.map((uri) => `Contact: ${uri}`));
    expect(rest).toEqual(['']);
    const [, instant = ''] = /^Expires: (\d{4}-\d\d-\d\dT00:00:00\.000Z)$/.exec(expires)!;
    const days = (Date.parse(instant) - app.clock.nowMs()) / 86_400_000;
    expect(days).toBeGreaterThan(179);
    expect(days).toBeLessThanOrEqual(180);
  });

  it.each([
    ['http://localhost:3000', null],
    ['https://example.com', [`https://example.com${PATH}`]],
    ['https://example.com/auth', [`https://example.com${PATH}`, `https://example.com/auth${PATH}`]],
  ])('names its addresses with PUBLIC_URL=%s', async (PUBLIC_URL, places) => {
    const env = { SECURITY_CONTACT: CONTACTS[0]!, PUBLIC_URL };
    const other = await startTestApp({ beside: app, env });
    const { text } = await read(other);
    expect(text.match(/(?<=^Canonical: ).*/gm)).toEqual(places);
    await other.close();
  });

  it('is absent without SECURITY_CONTACT', async () => {
    const other = await startTestApp({ beside: app });
    const { status, body } = await other.http.get(PATH);
    expect([status, body.code]).toEqual([404, 'not_found']);
    await other.close();
  });
});
