import { decodeProtectedHeader } from 'jose';
import { activateKey, addKey, keyStates, retirableAtMs, retireKey } from '../../libs/auth';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { startTestApp, type TestApp } from '../support/app';
import { SecretMount } from '../support/secret-mount';
import { newFolder } from '../support/stores';
import { until } from '../support/until';

const VERIFY = '/api/auth/verify';
const DAY_MS = 86_400_000;

const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const algorithmOf = (token: string) => decodeProtectedHeader(token).alg;

/** Clients that use each of their tokens at every instance, and renew it at one after the other, until they stop. */
class Clients {
  /** Answers other than 200. */
  readonly refusals: unknown[] = [];
  instances: TestApp[];
  private stopped = false;
  /** Of each client. */
  private readonly rounds: number[];
  private readonly running: Promise<unknown>;

  private constructor(
    instance: TestApp,
    private readonly clients: AuthResultDto[],
  ) {
    this.instances = [instance];
    this.rounds = clients.map(() => 0);
    this.running = Promise.all(clients.map((_, index) => this.run(index)));
  }

  static async start(instance: TestApp): Promise<Clients> {
    const clients = [await instance.register(), await instance.register()];
    return new Clients(instance, clients);
  }

  get tokens(): string[] {
    return this.clients.map(({ accessToken }) => accessToken);
  }

  /** Resolves when every client has a token that was issued since the call, and has used it at each instance. */
  async pass(): Promise<void> {
    // The round that runs may have an earlier list of instances; one more to renew the token, one to use it.
    const goals = this.rounds.map((done) => done + this.instances.length + 2);
    await until('the clients have used new tokens', () =>
      goals.every((goal, index) => this.rounds[index]! >= goal),
    );
    expect(this.refusals).toEqual([]);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(index: number): Promise<void> {
    for (let round = index; !this.stopped; round++) {
      // An instance that has left the list is not used from the next round on.
      const instances = this.instances;
      const { accessToken, refreshToken } = this.clients[index]!;
      for (const { http } of instances) {
        this.note(await http.get(VERIFY, { token: accessToken }));
      }
      const { http } = instances[round % instances.length]!;
      const answer = await http.post<AuthResultDto>('/api/auth/refresh', {
        json: { refreshToken },
      });
      this.note(answer);
      if (answer.status === 200) {
        this.clients[index] = answer.body;
      }
      this.rounds[index]!++;
    }
  }

  private note({ status, body }: { status: number; body: unknown }): void {
    if (status !== 200) {
      this.refusals.push([status, body]);
    }
  }
}

async function answerTo(token: string, { http }: TestApp): Promise<unknown> {
  const { status, body } = await http.get<{ code?: string } | undefined>(VERIFY, { token });
  return body?.code === undefined ? status : [status, body.code];
}

const INVALID = [401, 'token_invalid'];

describe('a change of keys while clients use tokens', () => {
  let keys: string;
  let mount: SecretMount;
  let first: TestApp;

  beforeAll(async () => {
    keys = newFolder('keys-');
    await addKey(keys);
    mount = new SecretMount(keys);
    first = await startTestApp({ env: { JWT_KEYS_DIR: mount.directory } });
  });

  afterAll(() => first.close());

  /** @returns the published keys, the signing one first. Makes the instance read its directory. */
  async function kidsOf({ http }: TestApp): Promise<(string | undefined)[]> {
    const { body } = await http.get<{ keys: { kid: string }[] }>('/.well-known/jwks.json');
    return body.keys.map(({ kid }) => kid);
  }

  it('refuses none with Secrets that instances see at different times, until the key is retired', async () => {
    const lateMount = new SecretMount(keys);
    const late = await startTestApp({ beside: first, env: { JWT_KEYS_DIR: lateMount.directory } });
    const clients = await Clients.start(first);
    try {
      clients.instances = [first, late];
      const [oldToken = ''] = clients.tokens;
      const oldKid = kidOf(oldToken)!;
      await clients.pass();

      const { kid } = await addKey(keys);
      mount.renew();
      expect(await kidsOf(first)).toEqual([oldKid, kid]);
      await clients.pass();
      expect(await kidsOf(late)).toEqual([oldKid]);
      lateMount.renew();

      await activateKey(keys, kid, { nowMs: Date.now() + DAY_MS });
      mount.renew();
      expect(await kidsOf(first)).toEqual([kid, oldKid]);
      await clients.pass();
      // The late instance signs with the earlier key and has the next one's file.
      expect(await kidsOf(late)).toEqual([oldKid, kid]);
      await clients.pass();
      lateMount.renew();
      expect(await kidsOf(late)).toEqual([kid, oldKid]);
      await clients.pass();
      expect(clients.tokens.map(kidOf)).toEqual([kid, kid]);

      const retiring = keyStates(keys).find((key) => key.kid === oldKid)!;
      expect(retiring.state).toBe('retiring');
      const nowMs = retirableAtMs(retiring, DAY_MS)!;
      await expect(retireKey(keys, oldKid, DAY_MS, { nowMs: nowMs - 1 })).rejects.toThrow(
        'retire it after',
      );
      await retireKey(keys, oldKid, DAY_MS, { nowMs });
      mount.renew();
      expect(await kidsOf(first)).toEqual([kid]);
      await clients.pass();
      expect(await answerTo(oldToken, first)).toEqual(INVALID);
      expect(await answerTo(oldToken, late)).toBe(200);
      lateMount.renew();
      expect(await kidsOf(late)).toEqual([kid]);
      expect(await answerTo(oldToken, late)).toEqual(INVALID);
      await clients.pass();
    } finally {
      await clients.stop();
      await late.close();
    }
  });

  it('refuses none when instances restart in turn with another secret, with keys, and with a secret again', async () => {
    const [A, B] = ['the first secret of these instances', 'the second secret of these instances'];
    const directory = newFolder('keys-');
    await addKey(directory);
    const steps = [
      { signs: 'HS256', env: { JWT_SECRET: A, JWT_ACCEPTED_SECRET: B } },
      { signs: 'HS256', env: { JWT_SECRET: B, JWT_ACCEPTED_SECRET: A } },
      { signs: 'HS256', env: { JWT_SECRET: B, JWT_ACCEPTED_KEYS_DIR: directory } },
      { signs: 'ES256', env: { JWT_KEYS_DIR: directory, JWT_ACCEPTED_SECRET: B } },
      { signs: 'ES256', env: { JWT_KEYS_DIR: directory, JWT_ACCEPTED_SECRET: A } },
      { signs: 'HS256', env: { JWT_SECRET: A, JWT_ACCEPTED_KEYS_DIR: directory } },
    ] as const;
    const startWith = (env: Record<string, string>) => startTestApp({ beside: first, env });
    let instance = await startWith(steps[0].env);
    const clients = await Clients.start(instance);
    const issued: string[] = [];
    try {
      for (const [index, { signs, env }] of steps.entries()) {
        if (index > 0) {
          const next = await startWith(env);
          clients.instances = [instance, next];
          await clients.pass();
          clients.instances = [next];
          await clients.pass();
          await instance.close();
          instance = next;
        }
        expect(clients.tokens.map(algorithmOf)).toEqual([signs, signs]);
        issued.push(clients.tokens[0]!);
        if (index === 2) {
          expect(await answerTo(issued[0]!, instance)).toEqual(INVALID);
        }
      }
      // Of the first secret, which signs again, and of the key, which is still accepted; of the second secret.
      for (const index of [0, 3, 4]) {
        expect(await answerTo(issued[index]!, instance)).toBe(200);
      }
      expect(await answerTo(issued[1]!, instance)).toEqual(INVALID);
    } finally {
      await clients.stop();
      await instance.close();
    }
  });
});
