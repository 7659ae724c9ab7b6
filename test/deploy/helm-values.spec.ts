import { obstacleToKubePrograms } from '../support/kube-programs';
import { onlyOf } from './kubernetes/objects';
import { settingsIn } from './kubernetes/process';
import { chart, fileOf, refusal } from './kubernetes/render';
import { problemsOf } from './kubernetes/schemas';

const MINIMAL = {
  image: { repository: 'registry.example.com/latchkey' },
  settings: { AVATAR_S3_BUCKET: 'latchkey-avatars' },
};

const obstacle = obstacleToKubePrograms();

if (obstacle === undefined) {
  describe('a value of the Helm chart', testValues);
} else {
  describe('a value of the Helm chart', () => {
    it(`cannot be rendered here, which is an error in CI: ${obstacle}`, () => {
      expect(process.env.CI ?? '').toBe('');
    });
  });
}

function testValues() {
  it.each([
    ['https://example.com', ''],
    ['https://example.com/', ''],
    ['https://example.com/auth', '/auth'],
    ['https://example.com/a/b//', '/a/b'],
  ])('opens the routes of PUBLIC_URL=%s below its path', async (url, path) => {
    const settings = { ...MINIMAL.settings, PUBLIC_URL: url };
    const ingress = { enabled: true, host: 'example.com' };
    const objects = await chart([fileOf({ ...MINIMAL, settings, ingress })]);
    expect(objects.flatMap(problemsOf)).toEqual([]);
    expect(settingsIn(objects).publicPath).toBe(path);
    const [rule] = (
      onlyOf(objects, 'Ingress').spec as {
        rules: { http: { paths: { path: string; pathType: string }[] } }[];
      }
    ).rules;
    const routes = ['/api/', '/avatars/', '/.well-known/'].map((route) => [path + route, 'Prefix']);
    const metadata = [`/.well-known/oauth-authorization-server${path}`, 'Exact'];
    expect(rule!.http.paths.map((one) => [one.path, one.pathType])).toEqual(
      path === '' ? routes : [...routes, metadata],
    );
  });

  it.each<[string, number[]]>([
    ['clients', [9464]],
    ['metrics', [3000]],
  ])('lets nothing in by an empty list of networkPolicy.%s', async (name, open) => {
    const objects = await chart([fileOf({ ...MINIMAL, networkPolicy: { [name]: [] } })]);
    expect(objects.flatMap(problemsOf)).toEqual([]);
    const { ingress } = onlyOf(objects, 'NetworkPolicy').spec as {
      ingress: { from: unknown[]; ports: { port: number }[] }[];
    };
    expect(ingress.map(({ ports }) => ports[0]?.port)).toEqual(open);
    expect(ingress.filter(({ from }) => from.length === 0)).toEqual([]);
  });

  it('lets pods out to names and each other alone by an empty list of networkPolicy.stores', async () => {
    const objects = await chart([fileOf({ ...MINIMAL, networkPolicy: { stores: [] } })]);
    expect(objects.flatMap(problemsOf)).toEqual([]);
    const { egress } = onlyOf(objects, 'NetworkPolicy').spec as { egress: object[] };
    expect(egress).toHaveLength(2);
  });

  it('is text, also where YAML would read something else', async () => {
    const values = {
      ...MINIMAL,
      settings: {},
      secrets: { settings: '1', migrate: '2', keys: '3', certificates: '4' },
      avatars: { claim: '5' },
      ingress: { enabled: true, host: '*.example.com', tlsSecret: '6', className: '7' },
      serviceMonitor: { enabled: true, labels: { release: '8' } },
    };
    const objects = await chart([fileOf(values)], { release: 'null' });
    expect(objects.flatMap(problemsOf)).toEqual([]);
    expect(onlyOf(objects, 'Ingress').spec).toMatchObject({
      ingressClassName: '7',
      tls: [{ hosts: ['*.example.com'], secretName: '6' }],
      rules: [{ host: '*.example.com' }],
    });
  });

  it('leaves the class of the Ingress to the cluster if it is empty', async () => {
    const ingress = { enabled: true, host: 'example.com', className: '' };
    const objects = await chart([fileOf({ ...MINIMAL, ingress })]);
    expect(onlyOf(objects, 'Ingress').spec).not.toHaveProperty('ingressClassName');
  });

  it('listens at IPv6 addresses where HOST says so', async () => {
    const settings = { ...MINIMAL.settings, HOST: '::' };
    expect(settingsIn(await chart([fileOf({ ...MINIMAL, settings })])).host).toBe('::');
    expect(settingsIn(await chart([fileOf(MINIMAL)])).host).toBe('0.0.0.0');
  });

  it.each<[string, object, string]>([
    [
      'no image',
      { settings: MINIMAL.settings },
      "at '/image/repository': minLength: got 0, want 1",
    ],
    [
      'a setting that does not exist',
      { ...MINIMAL, settings: { ...MINIMAL.settings, SESSION_TLL: '1h' } },
      "at '/settings': additional properties 'SESSION_TLL' not allowed",
    ],
    [
      'a secret among the settings',
      { ...MINIMAL, settings: { ...MINIMAL.settings, JWT_SECRET: 'x' } },
      "at '/settings': additional properties 'JWT_SECRET' not allowed",
    ],
    [
      'a setting that is no text',
      { ...MINIMAL, settings: { ...MINIMAL.settings, MAX_SESSIONS_PER_USER: 5 } },
      "at '/settings/MAX_SESSIONS_PER_USER': got number, want string",
    ],
    [
      'a misspelt value',
      { ...MINIMAL, replica: 2 },
      "at '': additional properties 'replica' not allowed",
    ],
    [
      'no place for avatars',
      { image: MINIMAL.image },
      'Avatars need a place that all pods share: set settings.AVATAR_S3_BUCKET, or avatars.claim.',
    ],
    [
      'two places for avatars',
      { ...MINIMAL, avatars: { claim: 'avatars' } },
      'Avatars have one place: set settings.AVATAR_S3_BUCKET or avatars.claim, and not both.',
    ],
    [
      'an Ingress without a host',
      { ...MINIMAL, ingress: { enabled: true } },
      'ingress.host is required with ingress.enabled, such as auth.example.com.',
    ],
    [
      'an autoscaler with its bounds exchanged',
      { ...MINIMAL, autoscaling: { minReplicas: 7 } },
      'autoscaling.minReplicas must not exceed autoscaling.maxReplicas.',
    ],
    [
      'a digest that is none',
      { ...MINIMAL, image: { ...MINIMAL.image, digest: 'a1b2' } },
      "at '/image/digest': 'a1b2' does not match pattern",
    ],
  ])('refuses %s', async (_what, values, sentence) => {
    expect(await refusal(values)).toContain(sentence);
  });

  it('accepts the values that the refused ones differ from', async () => {
    expect(await refusal(MINIMAL)).toBe('');
  });
}
