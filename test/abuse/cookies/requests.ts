import { LISTED, SITE, type SentRequest } from './cookie-app';

type Headers = Record<string, string | string[]>;

/** Where a browser says that a request comes from, and whether it may change something. */
export const SOURCES: [source: string, headers: Headers, allowed: boolean][] = [
  ['a page of the site', { origin: SITE }, true],
  ['a page of a listed origin', { origin: LISTED, 'sec-fetch-site': 'same-site' }, true],
  ['a browser that sends no Origin, same origin', { 'sec-fetch-site': 'same-origin' }, true],
  ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
  ['another subdomain', { origin: 'https://blog.example.com' }, false],
  ['a subdomain of the site', { origin: 'https://x.auth.example.com' }, false],
  ['the parent domain', { origin: 'https://example.com' }, false],
  ['another port', { origin: `${SITE}:8443` }, false],
  ['a name that begins like the site', { origin: `${SITE}.evil.example` }, false],
  ['a name that ends like the site', { origin: 'https://evilauth.example.com' }, false],
  ['the site without TLS', { origin: 'http://auth.example.com' }, false],
  ['a listed origin without TLS', { origin: 'http://app.example.com' }, false],
  ['a sandboxed frame, a file or a redirect', { origin: 'null' }, false],
  [
    'null, with the claim of the same origin',
    { origin: 'null', 'sec-fetch-site': 'same-origin' },
    false,
  ],
  ['an empty Origin', { origin: '' }, false],
  ['an Origin with a path', { origin: `${SITE}/` }, false],
  ['an Origin in capitals', { origin: SITE.toUpperCase() }, false],
  ['two Origins in one', { origin: `https://evil.example ${SITE}` }, false],
  ['two Origins in two headers', { origin: [SITE, 'https://evil.example'] }, false],
  ['no Origin, cross site', { 'sec-fetch-site': 'cross-site' }, false],
  ['no Origin, same site', { 'sec-fetch-site': 'same-site' }, false],
  ['no Origin, typed into the address bar', { 'sec-fetch-site': 'none' }, false],
  ['no Origin and no Sec-Fetch-Site', {}, false],
  ['a Referer alone', { referer: `${SITE}/page` }, false],
  [
    'a claim of the host that no proxy has made',
    {
      origin: 'https://evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
    },
    false,
  ],
];

/** Ways to make a server see another method than the browser has sent. */
export const OVERRIDES: [
  what: string,
  sent: Pick<SentRequest, 'method' | 'path' | 'headers' | 'raw'>,
][] = [
  [
    'a header',
    { method: 'GET', path: '/api/auth/logout', headers: { 'x-http-method-override': 'POST' } },
  ],
  [
    'another header',
    {
      method: 'GET',
      path: '/api/auth/profile',
      headers: { 'x-http-method': 'DELETE', 'x-method-override': 'DELETE' },
    },
  ],
  [
    'the header of a gateway',
    { method: 'POST', path: '/api/auth/logout', headers: { 'x-forwarded-method': 'GET' } },
  ],
  [
    'the header of another gateway',
    { method: 'POST', path: '/api/auth/logout', headers: { 'x-original-method': 'GET' } },
  ],
  ['a parameter', { method: 'GET', path: '/api/auth/logout?_method=POST' }],
  ['a parameter of a POST', { method: 'POST', path: '/api/auth/logout?_method=GET' }],
  ['HEAD', { method: 'HEAD', path: '/api/auth/logout' }],
  [
    'a field of a form',
    {
      method: 'POST',
      path: '/api/auth/profile',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      raw: '_method=DELETE',
    },
  ],
];

const PROFILE = JSON.stringify({ bio: 'changed' });

/** Bodies that a page can send to another origin without a preflight, and spellings of their types. */
export const CONTENT: [what: string, type: string | undefined, body: string][] = [
  ['a form', 'application/x-www-form-urlencoded', 'bio=changed'],
  ['a form that spells JSON', 'application/x-www-form-urlencoded', `${PROFILE}=`],
  ['plain text', 'text/plain', PROFILE],
  ['plain text with a parameter', 'text/plain; application/json', PROFILE],
  ['plain text with a charset', 'text/plain;charset=application/json', PROFILE],
  [
    'multipart',
    'multipart/form-data; boundary=x',
    '--x\r\nContent-Disposition: form-data; name="bio"\r\n\r\nchanged\r\n--x--\r\n',
  ],
  ['no type', undefined, PROFILE],
  ['JSON', 'application/json', PROFILE],
  ['JSON in capitals', 'APPLICATION/JSON', PROFILE],
  ['a list of types', 'text/plain, application/json', PROFILE],
];
