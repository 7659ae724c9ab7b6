import { routesUnder } from './public-path';

describe('the path of PUBLIC_URL', () => {
  const auth = routesUnder('/auth');

  it.each([
    ['/auth/api/auth/login', '/api/auth/login'],
    ['/auth/docs', '/docs'],
    ['/auth/docs?x=/auth/docs', '/docs?x=/auth/docs'],
    ['/auth/.well-known/jwks.json', '/.well-known/jwks.json'],
    ['/auth', '/'],
    ['/auth/', '/'],
    ['/auth?x', '/?x'],
    ['http://example.com/auth/docs', 'http://example.com/docs'],
    ['HTTPS://example.com/auth', 'HTTPS://example.com/'],
  ])('is removed from %s', (target, route) => expect(auth(target)).toBe(route));

  it.each([
    ['a route, from a proxy that has stripped it', '/api/auth/login'],
    ['the page at /', '/'],
    ['a path that begins like it', '/authx/api/auth/login'],
    ['a route that is none', '/auth/nowhere'],
    ['a path that begins like a route', '/auth/docsx'],
    ['a second time', '/auth/auth/docs'],
    ['an empty segment after it', '/auth//api/auth/login'],
    ['an empty segment before it', '//auth/docs'],
    ['two slashes', '/auth//'],
    ['an encoded slash', '/auth%2Fdocs'],
    ['an encoded letter', '/%61uth/docs'],
    ['another case', '/AUTH/docs'],
    ['a dot segment', '/auth/../auth/docs'],
    ['the host of a target', 'http://auth/docs'],
  ])('is not removed from %s: %s', (_what, target) => expect(auth(target)).toBe(target));

  it.each([
    ['/.well-known/oauth-authorization-server/auth', ''],
    ['/.well-known/oauth-authorization-server/auth?x', '?x'],
    ['/.well-known/oauth-authorization-server/authx', '/authx'],
    ['/.well-known/oauth-authorization-server/auth/', '/auth/'],
    ['/.well-known/oauth-authorization-server', ''],
  ])('may stand at the end of the metadata: %s', (target, rest) => {
    expect(auth(target)).toBe(`/.well-known/oauth-authorization-server${rest}`);
  });

  it.each([
    ['/api/auth/login', '/api/auth/login'],
    ['/api/api/auth/login', '/api/auth/login'],
    ['/api/docs', '/docs'],
    ['/api', '/'],
  ])('may be the start of a route: %s', (target, route) => {
    expect(routesUnder('/api')(target)).toBe(route);
  });

  it.each(['/api/auth/login', '/', '*', 'http://example.com/docs'])(
    'changes nothing where it is empty: %s',
    (target) => expect(routesUnder('')(target)).toBe(target),
  );
});
