import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import { newEmail, PASSWORD, type TestApp } from '../../support/app';
import { startAttackedApp } from '../../support/attacked-app';
import { callWith, goodCall, goodFields } from '../../support/good-calls';
import type { Answer, Call } from '../../support/http-client';
import { untilInSync } from '../../support/health-report';
import { shareOf } from '../../support/long-tests';
import { OpenApi, parametersIn, pathOf, typeOf, type Route } from '../../support/open-api';
import { INJECTIONS } from './injection-strings';

/** A place in a request that can hold a text. */
interface Place {
  name: string;
  route: Route;
  /** The path, and the call, with this text there. */
  call(text: string, person: AuthResultDto): { path: string; call: Call };
}

const MADE_BY_US = /^[0-9a-f]{32}$/;
const ALL = Object.values(INJECTIONS).flat();
/** Every text meets one place in so many, and every place meets one text in so many, unless long tests are run. */
const SHARE = 8;
const SOME = shareOf(ALL, SHARE);
const PARTS = 6;
/** The characters that a header can hold. No client sends others: see smuggling.spec.ts. */
const HEADER_TEXTS = ALL.filter((text) => /^[\x20-\x7e\x80-\xff]+$/.test(text));
const SOME_HEADER_TEXTS = shareOf(HEADER_TEXTS, SHARE);

describe('injected', () => {
  let app: TestApp;
  let api: OpenApi;
  let places: Place[];
  /** For each place, until its password is changed or its session ends. */
  const people = new Map<Place, AuthResultDto>();

  beforeAll(async () => {
    app = await startAttackedApp();
    api = await OpenApi.read(app.http);
    places = api.routes.flatMap((route) => placesOf(api, route));
    await untilInSync(app);
  });

  afterAll(() => app.close());

  afterEach(async () => {
    // Nothing was executed that leaves a trace.
    const { status, body } = await app.http.get<{ status: string }>('/health/ready');
    expect([status, body.status]).toEqual([200, 'ok']);
    const rows = await app.database.sql.query<unknown[]>(`SELECT FROM users WHERE role <> 'user'`);
    expect(rows).toEqual([]);
    expectWholeLogLines();
  });

  /** The log lines since the last call. */
  function expectWholeLogLines(): void {
    const forged = app.log.splice(0).filter((line) => {
      // JSON escapes controls: a line that has one was not written by it.
      const controls = [...line].filter((character) => character < ' ');
      return controls.join() !== '\n' || (JSON.parse(line) as { msg?: unknown }).msg === 'forged';
    });
    expect(forged).toEqual([]);
  }

  async function sendAll(place: Place, texts: readonly string[]): Promise<void> {
    const { name, route, call } = place;
    for (const text of texts) {
      const person = people.get(place) ?? (await app.register());
      people.set(place, person);
      const sent = call(text, person);
      const answer = await app.http.call(route.method, sent.path, sent.call);
      expect([name, text, answer.status < 500]).toEqual([name, text, true]);
      expectNothingReflected(answer, text);
      if (answer.status === 204) {
        // The password was changed, or the session ended.
        people.delete(place);
      }
    }
  }

  /** Sends texts as several people at once, each of them some of the texts. */
  async function inParts(
    texts: readonly string[],
    send: (text: string, person: AuthResultDto) => Promise<void>,
  ): Promise<void> {
    const parts = Array.from({ length: PARTS }, (_, part) =>
      texts.filter((_text, at) => at % PARTS === part),
    );
    await Promise.all(
      parts.map(async (part) => {
        const person = await app.register();
        for (const text of part) {
          await send(text, person);
        }
      }),
    );
  }

  function expectNothingReflected({ headers }: Answer, text: string): void {
    // Every answer is JSON: no browser takes it for a page or a script.
    expect(headers.get('content-type') ?? 'application/json').toMatch(
      /^(application\/(problem\+)?json|text\/plain; version=)/,
    );
    expect(headers.get('x-injected')).toBeNull();
    const reflecting = [...headers].filter(
      ([, value]) => value === text || (text.length > 8 && value.includes(text)),
    );
    expect(reflecting).toEqual([]);
  }

  it('covers every text of a body, a query and a path', () => {
    const names = places.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'displayName of POST /api/auth/register',
        'newPassword of PUT /api/auth/profile/password',
        'token of POST /api/auth/introspect',
        'role of PATCH /api/admin/users/{id}',
        'cursor in the query of GET /api/auth/events',
        'id in the path of DELETE /api/auth/sessions/{id}',
        'file in the path of GET /avatars/{file}',
      ]),
    );
    expect(places.length).toBeGreaterThan(25);
  });

  it.each(Object.entries(INJECTIONS))(
    '%s: a text is plain text in every place',
    async (_kind, texts) => {
      const sent = places.map((place, index) => ({ place, texts: shareOf(texts, SHARE, index) }));
      expect(new Set(sent.flatMap((each) => each.texts))).toEqual(new Set(texts));
      await Promise.all(sent.map((each) => sendAll(each.place, each.texts)));
    },
  );

  it('V1.1.1: texts of a profile are kept as they were sent, or refused', async () => {
    let kept = 0;
    await inParts(SOME, async (text, { accessToken: token, user }) => {
      const stored = await app.http.put('/api/auth/profile', { token, json: { bio: text } });
      if (stored.status !== 200) {
        expect([text, stored.status, stored.body.code]).toEqual([text, 400, 'validation_failed']);
        return;
      }
      kept += 1;
      const read = [
        stored,
        await app.http.get('/api/auth/profile', { token }),
        await app.http.get('/api/auth/profile', { token }),
      ];
      const [row] = await app.database.sql.query<{ bio: string }[]>(
        'SELECT bio FROM users WHERE id = $1',
        [user.id],
      );
      // Trimmed and in NFC, as documented; otherwise to the letter.
      const expected = text.normalize('NFC').trim();
      expect([...read.map(({ body }) => body.bio), row!.bio]).toEqual(Array(4).fill(expected));
    });
    expect(kept).toBeGreaterThan(SOME.length / 2);
  });

  it('V6.2.8: texts of a password are taken exactly as they were sent, or refused', async () => {
    let taken = 0;
    await inParts(SOME, async (text) => {
      const password = text.padEnd(8, '.');
      const email = newEmail();
      const registered = await app.http.post('/api/auth/register', { json: { email, password } });
      if (registered.status !== 201) {
        expect([text, registered.status]).toEqual([text, 400]);
        return;
      }
      taken += 1;
      const login = (json: object) => app.http.post('/api/auth/login', { json });
      expect((await login({ email, password })).status).toBe(200);
      expect((await login({ email, password: `${password} ` })).status).toBe(401);
    });
    expect(taken).toBeGreaterThan(SOME.length / 2);
  });

  it('V1.2.1: texts of a User-Agent are shown as they were sent, and cut where they are long', async () => {
    await inParts([...SOME_HEADER_TEXTS, 'x'.repeat(2000)], async (agent, { user }) => {
      const json = { email: user.email, password: PASSWORD };
      const headers = { 'user-agent': agent };
      const login = await app.http.post<AuthResultDto>('/api/auth/login', { json, headers });
      expect([agent, login.status]).toEqual([agent, 200]);
      expectNothingReflected(login as unknown as Answer, agent);
      const { body } = await app.http.get<{ sessions: { current: boolean; userAgent: string }[] }>(
        '/api/auth/sessions',
        { token: login.body.accessToken },
      );
      const shown = body.sessions.find(({ current }) => current)!.userAgent;
      expect(shown).toBe(agent.trim().slice(0, 512));
    });
  });

  it('V16.4.1: texts of an X-Request-Id are given back when they are harmless, and no others', async () => {
    await inParts([...HEADER_TEXTS, 'x'.repeat(129), 'a-good-one.1:2'], async (id) => {
      const { headers } = await app.http.get('/health/live', { headers: { 'x-request-id': id } });
      const given = headers.get('x-request-id')!;
      expect(given).toMatch(/^[\w.:-]{1,128}$/.test(id) ? id : MADE_BY_US);
    });
  });

  it('V4.1.3: texts of headers that only a proxy may set change nothing', async () => {
    const names = [
      'x-forwarded-for',
      'x-real-ip',
      'forwarded',
      'x-forwarded-host',
      'x-forwarded-proto',
    ];
    const texts = [
      '203.0.113.9',
      '127.0.0.1, 203.0.113.9',
      'for=203.0.113.9',
      ...SOME_HEADER_TEXTS,
    ];
    await inParts(texts, async (text, { user }) => {
      const headers = Object.fromEntries(names.map((name) => [name, text]));
      const json = { email: user.email, password: PASSWORD };
      const login = await app.http.post<AuthResultDto>('/api/auth/login', { json, headers });
      expect(login.status).toBe(200);
      const rows = await app.database.sql.query<{ ip: string }[]>(
        'SELECT host(ip) AS ip FROM sessions WHERE id = $1',
        [login.body.session.id],
      );
      expect(rows).toEqual([{ ip: '127.0.0.1' }]);
    });
  });

  it.each([
    'host',
    'content-type',
    'authorization',
    'if-match',
    'if-none-match',
    'accept',
    'origin',
    'referer',
  ])('V1.2.1: texts of %s are plain text', async (name) => {
    await inParts(SOME_HEADER_TEXTS, async (text, person) => {
      for (const route of [
        api.route('PUT /api/auth/profile'),
        api.route('GET /api/auth/profile'),
      ]) {
        const call = goodCall(api, route, person);
        const answer = await app.http.call(route.method, route.path, {
          ...call,
          headers: { [name]: text },
        });
        expect([text, answer.status < 500]).toEqual([text, true]);
        expectNothingReflected(answer, text);
      }
    });
  });
});

function placesOf(api: OpenApi, route: Route): Place[] {
  const good = (person: AuthResultDto) => ({
    path: pathOf(route, { id: person.user.id, file: 'x.webp' }),
    call: goodCall(api, route, person),
  });
  const texts = Object.entries(api.bodyOf(route)?.schema.properties ?? {})
    .filter(([, schema]) => typeOf(schema) === 'string' && schema.format !== 'binary')
    .map(([name]) => name);
  return [
    ...texts.map((field): Place => ({
      name: `${field} of ${route.name}`,
      route,
      call(text, person) {
        const fields = { ...goodFields(api, route, person), [field]: text };
        return { ...good(person), call: callWith(api, route, person, fields) };
      },
    })),
    ...parametersIn(route, 'query').map(({ name }): Place => ({
      name: `${name} in the query of ${route.name}`,
      route,
      call(text, person) {
        const { path, call } = good(person);
        return { path: `${path}?${new URLSearchParams({ [name]: text }).toString()}`, call };
      },
    })),
    ...parametersIn(route, 'path').map(({ name }): Place => ({
      name: `${name} in the path of ${route.name}`,
      route,
      call: (text, person) => ({
        ...good(person),
        path: pathOf(route, { [name]: text.toWellFormed() }),
      }),
    })),
  ];
}
