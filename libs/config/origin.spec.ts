import { parseOrigin } from './origin';
import { parseSettings } from './settings';
import { SettingsError } from './settings-error';

const STORES = {
  DATABASE_URL: 'postgres://localhost/latchkey',
  REDIS_URL: 'redis://localhost',
  JWT_SECRET: 'a secret of the tests, long enough',
};

const originsOf = (text: string) => parseSettings({ ...STORES, CORS_ORIGINS: text }).corsOrigins;

function refusalOf(text: string): string {
  try {
    originsOf(text);
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.message;
    }
    throw error;
  }
  throw new Error('it was accepted');
}

describe('CORS_ORIGINS', () => {
  it.each([
    'https://app.example.com',
    'https://example.com:8443',
    'http://localhost:5173',
    'http://localhost',
    'https://localhost',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'http://[2001:db8::1]',
    'https://xn--bcher-kva.example',
    'https://my_host.example',
    'https://example.com.',
    'http://tauri.localhost',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://obsidian.md',
    'app://.',
    'vscode-webview://0f2a9c1e-6c1d-4c6b-9d0a-1f0f0a1b2c3d',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc',
    'safari-web-extension://1D2C7FA4-62C7-7E4F-90E5-472B45EECFDC',
  ])('takes %s, as browsers send it', (origin) => {
    expect(originsOf(`${origin}, https://b.example`)).toEqual([origin, 'https://b.example']);
  });

  it.each([
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://bücher.example:8443', 'https://xn--bcher-kva.example:8443'],
    ['http://例え.テスト', 'http://xn--r8jz45g.xn--zckzah'],
  ])('takes %s as %s, also in optimized code', (text, origin) => {
    for (let turn = 0; turn < 20_000; turn += 1) {
      parseOrigin('https://app.example.com');
    }
    expect(originsOf(text)).toEqual([origin]);
  });

  it.each([
    ['https://*.secret.example', 'has a wildcard: list each origin'],
    ['https://*', 'has a wildcard: list each origin'],
    ['*', 'has a wildcard: list each origin'],
    ['null', 'is null, which a page of any site can send'],
    ['secret.example', 'must start with a scheme, like https://'],
    ['//secret.example', 'must start with a scheme, like https://'],
    ['localhost:5173', 'must start with a scheme, like https://'],
    ['https:secret.example', 'must start with a scheme, like https://'],
    ['HTTPS://secret.example', 'must have its scheme in lower case'],
    ['file://', 'has a scheme whose pages send no origin of their own'],
    ['data://secret', 'has a scheme whose pages send no origin of their own'],
    ['wss://secret.example', 'must have the scheme of a page, like https://'],
    ['https://secret.example/', 'must not end in a slash'],
    ['capacitor://secret/', 'must not end in a slash'],
    ['https://secret.example/path', 'must end after the host or the port'],
    ['https://secret.example?x', 'must end after the host or the port'],
    ['capacitor://secret#x', 'must end after the host or the port'],
    ['https://user:secret@a.example', 'must not have a user name or a password'],
    ['https://secret.example:443', 'must not name the default port of its scheme'],
    ['http://secret.example:80', 'must not name the default port of its scheme'],
    ['https://secret.example:', 'has a colon without a port'],
    ['https://secret.example:99999', 'must have a valid host and port'],
    ['https://secret.example:x', 'must have a valid host and port'],
    ['https://', 'must have a valid host and port'],
    ['https://Secret.example', 'must have its host in lower case'],
    ['https://BÜCHER.secret', 'must have its host in lower case'],
    ['http://[::0:1]:3000', 'must have its host and port as browsers write them'],
    ['http://127.1:3000', 'must have its host and port as browsers write them'],
    ['https://secret.example:08443', 'must have its host and port as browsers write them'],
    ['https://sec ret.example', 'has a character that no origin has'],
    ['"https://secret.example"', 'must start with a scheme, like https://'],
    ['https://secret.example"', 'has a character that no origin has'],
    ['capacitor://secret:x', 'must have a host, and a port or none'],
    ['', 'is empty'],
  ])('refuses %j in one sentence that does not repeat it', (text, message) => {
    const refusal = refusalOf(`https://a.example,${text}`);
    expect(refusal).toBe(`CORS_ORIGINS entry 2 ${message}.`);
    expect(refusal).not.toMatch(/secret/i);
  });
});
