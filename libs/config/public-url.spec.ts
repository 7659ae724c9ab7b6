import { parseSettings } from './settings';

const REQUIRED = {
  DATABASE_URL: 'postgres://app:pw@db:5432/latchkey',
  REDIS_URL: 'redis://cache:6379',
  JWT_SECRET: 'kJ8#mQ2$vX9!pL4&zR7*wN3@bT6^yH1%',
};

const parse = (url?: string) => parseSettings({ ...REQUIRED, PUBLIC_URL: url });

describe('PUBLIC_URL', () => {
  it.each([
    [undefined, undefined, ''],
    ['', undefined, ''],
    ['https://auth.example.com', 'https://auth.example.com', ''],
    ['https://auth.example.com//', 'https://auth.example.com', ''],
    ['http://localhost:3000', 'http://localhost:3000', ''],
    ['http://[::1]:3000/auth', 'http://[::1]:3000/auth', '/auth'],
    ['https://example.com/auth', 'https://example.com/auth', '/auth'],
    ['https://example.com/auth/', 'https://example.com/auth', '/auth'],
    ['https://Example.com/Team-1/auth_2.x~/', 'https://Example.com/Team-1/auth_2.x~', null],
    ['https://example.com/api', 'https://example.com/api', '/api'],
    ['https://example.com/api/v2', 'https://example.com/api/v2', '/api/v2'],
    ['https://example.com/docsx', 'https://example.com/docsx', '/docsx'],
  ])('takes %p', (text, publicUrl, publicPath) => {
    expect({ ...parse(text) }).toMatchObject({
      publicPath: publicPath ?? '/Team-1/auth_2.x~',
      ...(publicUrl !== undefined && { publicUrl }),
    });
    expect(parse(text).publicUrl).toBe(publicUrl);
  });

  const PARTS =
    'PUBLIC_URL must be an address without a user name, a password, a query or a fragment';
  const NAMES =
    'PUBLIC_URL must have a path like /auth: names of letters, digits, dots, hyphens, underscores and tildes';
  const OWN =
    'PUBLIC_URL must not have a path at which Latchkey itself serves a route, such as /docs';

  it.each([
    ['example.com', 'PUBLIC_URL must be a URL that starts with http:// or https://'],
    ['ftp://example.com', 'PUBLIC_URL must be a URL that starts with http:// or https://'],
    ['https://', PARTS],
    ['https://user@example.com', PARTS],
    ['https://user:password@example.com/auth', PARTS],
    ['https://example.com?tenant=1', PARTS],
    ['https://example.com/auth?', PARTS],
    ['https://example.com/auth#top', PARTS],
    ['https://example.com\\auth', PARTS],
    ['https://example.com/a b', PARTS],
    ['https://example.com:99999/auth', 'PUBLIC_URL must have a valid host and port'],
    ['https://example.com/a//b', NAMES],
    ['https://example.com//auth', NAMES],
    ['https://example.com/./auth', NAMES],
    ['https://example.com/auth/..', NAMES],
    ['https://example.com/a%2Fb', NAMES],
    ['https://example.com/ä', NAMES],
    ['https://example.com/a;b', NAMES],
    ['https://example.com/docs', OWN],
    ['https://example.com/metrics/', OWN],
    ['https://example.com/.well-known/auth', OWN],
    ['https://example.com/api/auth', OWN],
    ['https://example.com/api/admin/x', OWN],
  ])('refuses %p with one sentence', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ message: `${message}.` }) as Error);
  });
});
