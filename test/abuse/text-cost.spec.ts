import { performance } from 'node:perf_hooks';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import type { TestApp } from '../support/app';
import { startAttackedApp } from '../support/attacked-app';
import { callWith, goodFields } from '../support/good-calls';
import type { Call } from '../support/http-client';
import { lasting } from '../support/long-tests';
import { OpenApi, type Route } from '../support/open-api';

/** Fits into a body of 64 KiB. */
const UTF8_BYTES = 60_000;
const times = (text: string) => text.repeat(Math.floor(UTF8_BYTES / Buffer.byteLength(text)));

/** Each is the worst case of one step of text processing. */
const WORST: Record<string, string> = {
  'combining marks in two orders': `a${times('\u0301\u0316')}`,
  'marks that decompose': `a${times('\u0344')}`,
  'runs of marks, as long as any may be': times(`a${'\u0301\u0316'.repeat(15)}`),
  'ligatures of many letters': times('\ufdfa'),
  'syllables in pieces': times('\u1100\u1161\u11a8'),
  'families without an end': times('\u{1f468}\u200d'),
  'regional indicators': times('\u{1f1e6}'),
  'spaces before a letter': `${times(' ')}a`,
  'spaces after each other': `a${times(' ')}a`,
  'dots and letters': `${times('a.')}@`,
  '@ and quotes': times('"@'),
  digits: times('1'),
};
const HARMLESS = times('x');
/** The longest time of a worst text, as a multiple of the time of a harmless one of the same size. */
const MAX_RATIO = 8;
const ROUNDS = lasting(2, 3);
/** The least of these is compared: what else the machine does makes a request slower, never faster. */
const MAX_ROUNDS = 15;

describe('a text field with its worst input', () => {
  let app: TestApp;
  let api: OpenApi;
  let person: AuthResultDto;

  beforeAll(async () => {
    app = await startAttackedApp();
    api = await OpenApi.read(app.http);
    person = await app.register();
  });

  afterAll(() => app.close());

  function textFields(): { route: Route; field: string }[] {
    return api.routes.flatMap((route) =>
      Object.entries(api.bodyOf(route)?.schema.properties ?? {})
        .filter(([, { type, format }]) => type === 'string' && format !== 'binary')
        .map(([field]) => ({ route, field })),
    );
  }

  /** Milliseconds from the request to its answer. */
  async function timeOf({ method, path }: Route, call: Call): Promise<number> {
    const beganMs = performance.now();
    const { status } = await app.http.call(method, path.replace('{id}', person.user.id), call);
    expect(status).toBeLessThan(500);
    return performance.now() - beganMs;
  }

  it('costs about as much as any text of that size', async () => {
    const fields = textFields();
    expect(fields.length).toBeGreaterThan(8);
    const dear: string[] = [];
    for (const { route, field } of fields) {
      const call = (text: string) =>
        callWith(api, route, person, { ...goodFields(api, route, person), [field]: text });
      let leastHarmless = Infinity;
      for (const [what, text] of Object.entries(WORST)) {
        let leastWorst = Infinity;
        const ratio = () => leastWorst / leastHarmless;
        for (
          let round = 0;
          round < ROUNDS || (ratio() > MAX_RATIO && round < MAX_ROUNDS);
          round++
        ) {
          // One for each text is enough to find the least of a field, unless the text seems dear.
          if (round === 0 || round >= ROUNDS) {
            leastHarmless = Math.min(leastHarmless, await timeOf(route, call(HARMLESS)));
          }
          leastWorst = Math.min(leastWorst, await timeOf(route, call(text)));
        }
        if (ratio() > MAX_RATIO) {
          dear.push(`${route.name} ${field}: ${what}, ${ratio()}`);
        }
      }
    }
    expect(dear).toEqual([]);
  });
});
