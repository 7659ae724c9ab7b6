import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import type { TestApp } from '../support/app';
import { SERVICE, startAttackedApp } from '../support/attacked-app';
import { inTurns } from '../support/in-turns';
import { lasting, shareOf } from '../support/long-tests';
import {
  BODY_BYTES,
  fill,
  FORMS,
  HEADER_BYTES,
  HEADERS,
  JSON_BODIES,
  object,
  PATHS,
  QUERIES,
  repeated,
} from './worst-inputs';

/** The longest time of a worst input, as a multiple of the time of a harmless one of the same size. */
const MAX_RATIO = 8;
const ROUNDS = lasting(2, 3);
/** The least of these is compared: other work of the machine makes a request slower, never faster. */
const MAX_ROUNDS = 15;

interface Input {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Row {
  what: string;
  worst: Input;
  harmless: Input;
}

const agent = new Agent({ keepAlive: true });

function send(
  origin: string,
  { method, path, headers = {}, body = '' }: Input,
): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
    const call = request({
      hostname,
      port,
      method,
      path,
      agent,
      headers: { ...headers, ...length },
    });
    call.once('error', reject).once('response', (answer) => {
      let bytes = 0;
      answer
        .on('data', (chunk: Buffer) => (bytes += chunk.length))
        .once('end', () => resolve({ status: answer.statusCode ?? 0, bytes }))
        .once('error', reject);
    });
    call.end(body);
  });
}

describe('an input at its worst', () => {
  let app: TestApp;
  let person: AuthResultDto;

  beforeAll(async () => {
    app = await startAttackedApp({ env: { TRUST_PROXY: '1' } });
    person = await app.register();
  });

  afterAll(() => {
    agent.destroy();
    return app.close();
  });

  const bearer = () => ({ authorization: `Bearer ${person.accessToken}` });
  const basic = { authorization: `Basic ${Buffer.from(SERVICE).toString('base64')}` };
  const long = { 'x-harmless': 'x'.repeat(HEADER_BYTES) };
  const json = { 'content-type': 'application/json' };
  const form = { ...basic, 'content-type': 'application/x-www-form-urlencoded' };

  function jsonRows(): Row[] {
    const calls: [method: string, path: string, headers: Record<string, string>][] = [
      ['POST', '/api/auth/register', {}],
      ['POST', '/api/auth/login', {}],
      ['POST', '/api/auth/refresh', {}],
      ['POST', '/api/auth/introspect', basic],
      ['PUT', '/api/auth/profile', bearer()],
      ['PUT', '/api/auth/profile/password', bearer()],
    ];
    return calls.flatMap(([method, path, more]) =>
      Object.entries(JSON_BODIES).map(([name, body]) => {
        const call = { method, path, headers: { ...json, ...more } };
        const harmless = { ...call, body: JSON.stringify({ x: 'x'.repeat(BODY_BYTES) }) };
        return { what: `${path}: ${name}`, worst: { ...call, body }, harmless };
      }),
    );
  }

  function formRows(): Row[] {
    const call = { method: 'POST', path: '/api/auth/introspect', headers: form };
    const harmless = { ...call, body: `token=${'x'.repeat(BODY_BYTES)}` };
    return Object.entries(FORMS).map(([name, body]) => ({
      what: `form: ${name}`,
      worst: { ...call, body },
      harmless,
    }));
  }

  function headerRows(): Row[] {
    const calls: Input[] = [
      { method: 'GET', path: '/api/auth/profile', headers: bearer() },
      // Without a token: its cookies are read.
      { method: 'GET', path: '/api/auth/verify', headers: {} },
      { method: 'POST', path: '/api/auth/login', headers: json, body: '{}' },
      { method: 'POST', path: '/api/auth/introspect', headers: form, body: 'token=x' },
    ];
    return Object.entries(HEADERS).flatMap(([header, values]) =>
      Object.entries(values).flatMap(([name, value]) =>
        calls.map((call) => ({
          what: `${call.path}, ${header}: ${name}`,
          worst: { ...call, headers: { ...call.headers, [header]: value } },
          harmless: { ...call, headers: { ...call.headers, ...long } },
        })),
      ),
    );
  }

  function uploadRows(): Row[] {
    const type = (boundary: string) => ({
      'content-type': `multipart/form-data; boundary=${boundary}`,
    });
    const part = 'Content-Disposition: form-data; name="avatar"; filename="a.png"';
    const call = { method: 'POST', path: '/api/auth/profile/avatar' };
    const upload = (body: string, boundary = 'b', more: Record<string, string> = {}) => ({
      ...call,
      headers: { ...bearer(), ...type(boundary), ...more },
      body,
    });
    const bodies: Record<string, string> = {
      parts: `${repeated('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n', BODY_BYTES)}--b--`,
      'beginnings of a boundary': `--b\r\n${part}\r\n\r\n${repeated('\r\n--', BODY_BYTES)}\r\n--b--`,
      'line ends': `--b\r\n${part}\r\n\r\n${'\r'.repeat(BODY_BYTES)}\r\n--b--`,
      headers: `--b\r\n${fill(BODY_BYTES, (index) => `a${index}: b\r\n`)}\r\n\r\n--b--`,
      'parameters of a header': `--b\r\nContent-Disposition: form-data${repeated(';a=b')}\r\n\r\n\r\n--b--`,
      'an encoded name': `--b\r\n${part}; filename*=utf-8''${repeated('%41')}\r\n\r\n\r\n--b--`,
    };
    const harmless = upload(`--b\r\n${part}\r\n\r\n${'x'.repeat(BODY_BYTES)}\r\n--b--`);
    const boundary = 'b'.repeat(HEADER_BYTES);
    return [
      ...Object.entries(bodies).map(([name, body]) => ({
        what: `upload: ${name}`,
        worst: upload(body),
        harmless,
      })),
      {
        what: 'upload: a long boundary',
        worst: upload('{}', boundary),
        harmless: upload('{}', 'b', long),
      },
    ];
  }

  function tokenRows(): Row[] {
    const [header, payload, signature] = person.accessToken.split('.') as [string, string, string];
    const encoded = (text: string) => Buffer.from(text).toString('base64url');
    const long64 = 'x'.repeat(9000);
    const bearerTokens: Record<string, string> = {
      dots: '.'.repeat(HEADER_BYTES),
      commas: ','.repeat(HEADER_BYTES),
      schemes: repeated('Bearer '),
      spaces: `${' '.repeat(HEADER_BYTES)}x`,
      'a long payload': `${header}.${encoded(JSON.stringify({ a: long64 }))}.${signature}`,
      'many claims': `${header}.${encoded(object((index) => index.toString(36)).slice(0, 9000))}.${signature}`,
      'a deep payload': `${header}.${encoded('['.repeat(4500) + ']'.repeat(4500))}.${signature}`,
      'a long key id': `${encoded(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: long64 }))}.${payload}.${signature}`,
      'a long signature': `${header}.${payload}.${'s'.repeat(12_000)}`,
    };
    const call = { method: 'GET', path: '/api/auth/verify' };
    const basics: Record<string, string> = {
      colons: Buffer.from(':'.repeat(9000)).toString('base64'),
      'no base64': '='.repeat(HEADER_BYTES),
      spaces: `${' '.repeat(HEADER_BYTES)}x`,
      percents: Buffer.from(`${repeated('%41', 9000)}:%41`).toString('base64'),
    };
    const introspect = { method: 'POST', path: '/api/auth/introspect', body: 'token=x' };
    const ofForm = { 'content-type': form['content-type'] };
    return [
      ...Object.entries(bearerTokens).map(([name, token]) => ({
        what: `bearer token: ${name}`,
        worst: { ...call, headers: { authorization: `Bearer ${token}` } },
        harmless: { ...call, headers: { ...long, authorization: 'Bearer x' } },
      })),
      ...Object.entries(basics).map(([name, text]) => ({
        what: `basic: ${name}`,
        worst: { ...introspect, headers: { ...ofForm, authorization: `Basic ${text}` } },
        harmless: { ...introspect, headers: { ...ofForm, ...long, authorization: 'Basic eDp4' } },
      })),
    ];
  }

  function targetRows(): Row[] {
    const read = (path: string, more = {}) => ({
      method: 'GET',
      path,
      headers: { ...bearer(), ...more },
    });
    const update = (more: Record<string, string>) => ({
      method: 'PUT',
      path: '/api/auth/profile',
      headers: { ...bearer(), ...json, ...more },
      body: '{"displayName":"a"}',
    });
    const tags = fill(HEADER_BYTES, (index) => `"${person.user.id}.${index + 1000}",`);
    return [
      ...['/api/auth/events', '/api/auth/verify'].flatMap((path) =>
        Object.entries(QUERIES).map(([name, query]) => ({
          what: `${path}, query: ${name}`,
          worst: read(`${path}?${query}`),
          harmless: read(`${path}?x`, long),
        })),
      ),
      ...Object.entries(PATHS).map(([name, path]) => ({
        what: `path: ${name}`,
        worst: read(path),
        harmless: read('/nowhere', long),
      })),
      {
        what: 'if-match: tags',
        worst: update({ 'if-match': tags }),
        harmless: update({ ...long, 'if-match': '"a"' }),
      },
    ];
  }

  /** Milliseconds, and bytes of the answer. */
  async function ask(input: Input) {
    const beganMs = performance.now();
    // Not as a URL object, which would normalise it.
    const answer = await send(app.http.origin, input);
    return { ...answer, ms: performance.now() - beganMs };
  }

  const sizeOf = ({ path, headers, body = '' }: Input) =>
    path.length + JSON.stringify(headers ?? {}).length + body.length;

  it.each([
    ['JSON', jsonRows, 96],
    ['forms', formRows, 6],
    ['headers', headerRows, 128],
    ['tokens', tokenRows, 13],
    ['targets', targetRows, 24],
    ['uploads', uploadRows, 7],
  ])(
    'costs about as much as a harmless one of its size, and its answer is shorter: %s',
    async (_, rowsOf, count) => {
      const rows = rowsOf();
      expect(rows).toHaveLength(count);
      const dear: string[] = [];
      for (const { what, worst, harmless } of shareOf(rows, 3)) {
        let [leastWorst, leastHarmless] = [Infinity, Infinity];
        const ratio = () => leastWorst / leastHarmless;
        for (
          let round = 0;
          round < ROUNDS || (ratio() > MAX_RATIO && round < MAX_ROUNDS);
          round++
        ) {
          leastHarmless = Math.min(leastHarmless, (await ask(harmless)).ms);
          const answer = await ask(worst);
          leastWorst = Math.min(leastWorst, answer.ms);
          expect([what, answer.status < 500]).toEqual([what, true]);
          expect([what, answer.bytes < sizeOf(worst)]).toEqual([what, true]);
        }
        if (ratio() > MAX_RATIO) {
          dear.push(`${what}: ${ratio().toFixed(1)}`);
        }
      }
      expect(dear).toEqual([]);
    },
  );

  it('sent over eight connections, leaves other clients nearly the throughput that harmless input leaves', async () => {
    const rows = [...jsonRows(), ...formRows()];
    const READS = lasting(80, 400);
    async function readsPerMsBeside(inputs: Input[]): Promise<number> {
      let isReading = true;
      const attack = inTurns(8, 8, async (index) => {
        for (let sent = index; isReading; sent++) {
          await ask(inputs[sent % inputs.length]!);
        }
      });
      const beganMs = performance.now();
      await inTurns(READS, 4, async () => {
        expect(
          (await ask({ method: 'GET', path: '/api/auth/verify', headers: bearer() })).status,
        ).toBe(200);
      });
      const tookMs = performance.now() - beganMs;
      isReading = false;
      await attack;
      return READS / tookMs;
    }
    const rates = { worst: 0, harmless: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const besideHarmless = await readsPerMsBeside(rows.map(({ harmless }) => harmless));
      rates.harmless = Math.max(rates.harmless, besideHarmless);
      rates.worst = Math.max(rates.worst, await readsPerMsBeside(rows.map(({ worst }) => worst)));
    }
    expect(rates.harmless / rates.worst).toBeLessThan(4);
  });
});
