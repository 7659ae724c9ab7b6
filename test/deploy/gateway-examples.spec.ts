import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { ROOT } from '../../tools/local/paths.mjs';
import { objectsIn, ofKind, onlyOf } from './kubernetes/objects';
import { SOURCES } from './kubernetes/render';
import { problemsOf } from './kubernetes/schemas';

describe('the examples of an application behind a gateway', () => {
  const read = (name: string) =>
    objectsIn(readFileSync(join(SOURCES, 'examples', `application-behind-${name}.yaml`), 'utf8'));
  const address = 'http://latchkey.latchkey.svc.cluster.local:3000/api/auth/verify';
  const documented = readFileSync(join(ROOT, 'examples', 'traefik.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n(http:[^]*?)```/.exec(documented) ?? [];
  const { middlewares } = (load(yaml) as { http: { middlewares: Record<string, object> } }).http;

  it('behind Traefik has the middlewares of examples/traefik.md, and a valid Ingress', () => {
    const objects = read('traefik');
    const found = ofKind(objects, 'Middleware').map(({ metadata, spec }) => [metadata.name, spec]);
    const text = JSON.stringify(middlewares);
    const expected = JSON.parse(
      text.replace('http://latchkey:3000/api/auth/verify', address),
    ) as object;
    expect(Object.fromEntries(found)).toEqual(expected);
    const ingress = onlyOf(objects, 'Ingress');
    expect(problemsOf(ingress)).toEqual([]);
    // The first one removes what a client sends.
    expect(ingress.metadata.annotations?.['traefik.ingress.kubernetes.io/router.middlewares']).toBe(
      'default-no-identity@kubernetescrd,default-latchkey@kubernetescrd',
    );
  });

  it('behind ingress-nginx asks the same address and passes on the same headers', () => {
    const ingress = onlyOf(read('ingress-nginx'), 'Ingress');
    expect(problemsOf(ingress)).toEqual([]);
    const { latchkey } = middlewares as {
      latchkey: { forwardAuth: { authResponseHeaders: string[] } };
    };
    expect(ingress.metadata.annotations).toEqual({
      'nginx.ingress.kubernetes.io/auth-url': address,
      'nginx.ingress.kubernetes.io/auth-method': 'GET',
      'nginx.ingress.kubernetes.io/auth-response-headers':
        latchkey.forwardAuth.authResponseHeaders.join(','),
    });
  });
});
