import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FakeSessions, type IssuedToken, type TokenOptions } from './fake-sessions.js';
import { FakeStream } from './fake-stream.js';
import { newSigningKey, type SigningAlgorithm, type SigningKey } from './signing-key.js';

export type { IssuedToken, TokenOptions } from './fake-sessions.js';

export interface FakeIssuerOptions {
  /** Default `ES256`. With `HS256` the key set is empty. */
  algorithm?: SigningAlgorithm;
  /** Default `latchkey`. */
  issuer?: string;
  /** Default `latchkey-api`. */
  audience?: string;
  /** Default: a free port. */
  port?: number;
}

/** How an end is made. */
export interface EndOptions {
  /** Introspection still answers `active: true` until `catchUp`, as another instance of Latchkey may for a second. */
  isStale?: boolean;
}

/** Latchkey, as far as a verifier sees it: an HTTP server on a free port of 127.0.0.1, without any store. */
export interface FakeIssuer {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** How many calls of `introspect` have arrived. */
  readonly introspections: number;
  /** How many connections to the stream are open. */
  readonly streams: number;
  /** A token of a new session, or of `sessionId`. */
  issueToken(options?: TokenOptions): Promise<IssuedToken>;
  /** Ends a session and names it in the stream. */
  endSession(sessionId: string, options?: EndOptions): void;
  /** Ends all sessions of a user, except one, and names the user in the stream. */
  endSubject(userId: string, options?: EndOptions & { exceptSessionId?: string }): void;
  /** Introspection answers `active: false` for every session that has ended. */
  catchUp(): void;
  /** The stream stays open and says nothing, until `speak`. */
  silence(): void;
  speak(): void;
  /** Calls of `introspect` are evaluated when they arrive, and answered after `answer`. */
  hang(): void;
  answer(): void;
  /** The stream says `reset`: what was said before cannot be resumed from. */
  reset(): void;
  /** The stream says `reconnect` and closes its connections. */
  reconnect(): void;
  /** Signs with a new key from now on, and publishes that key alone. */
  rotateKey(): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeIssuer(options: FakeIssuerOptions = {}): Promise<FakeIssuer> {
  const { algorithm = 'ES256', issuer = 'latchkey', audience = 'latchkey-api', port = 0 } = options;
  const fake = new FakeIssuerServer(
    new FakeSessions(issuer, audience),
    algorithm,
    await newSigningKey(algorithm),
  );
  await fake.listen(port);
  return fake;
}

class FakeIssuerServer implements FakeIssuer {
  readonly clientId = 'service';
  readonly clientSecret = randomBytes(24).toString('base64url');
  introspections = 0;

  private readonly server: Server = createServer((request, response) => {
    this.serve(request, response).catch(() => response.destroy());
  });
  private readonly stream = new FakeStream();
  private hanging: (() => void)[] | undefined;

  constructor(
    private readonly sessions: FakeSessions,
    private readonly algorithm: SigningAlgorithm,
    private key: SigningKey,
  ) {}

  async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get streams(): number {
    return this.stream.connections;
  }

  async issueToken(options: TokenOptions = {}): Promise<IssuedToken> {
    return this.sessions.issue(this.key, options);
  }

  endSession(sessionId: string, { isStale = false }: EndOptions = {}): void {
    this.stream.name('session', this.sessions.end(sessionId, isStale));
  }

  endSubject(
    userId: string,
    { isStale = false, exceptSessionId }: EndOptions & { exceptSessionId?: string } = {},
  ): void {
    this.stream.name('subject', this.sessions.endAllOf(userId, isStale, exceptSessionId));
  }

  catchUp(): void {
    this.sessions.catchUp();
  }

  silence(): void {
    this.stream.silence();
  }

  speak(): void {
    this.stream.speak();
  }

  hang(): void {
    this.hanging ??= [];
  }

  answer(): void {
    this.hanging?.forEach((send) => send());
    this.hanging = undefined;
  }

  reset(): void {
    this.stream.reset();
  }

  reconnect(): void {
    this.stream.reconnect();
  }

  async rotateKey(): Promise<void> {
    this.key = await newSigningKey(this.algorithm);
  }

  async close(): Promise<void> {
    this.stream.close();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method ?? ''} ${request.url ?? ''}`;
    if (route === 'GET /.well-known/jwks.json') {
      sendJson(response, 200, this.key.keySet);
    } else if (!this.isClient(request)) {
      sendJson(response, 401, { status: 401, code: 'invalid_credentials' });
    } else if (route === 'GET /api/auth/revocations') {
      this.stream.subscribe(request, response);
    } else if (route === 'POST /api/auth/introspect') {
      await this.introspect(request, response);
    } else {
      sendJson(response, 404, { status: 404, code: 'not_found' });
    }
  }

  private async introspect(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.introspections += 1;
    const form = new URLSearchParams(await text(request));
    const answer = this.sessions.introspect(form.get('token') ?? '');
    const send = () => sendJson(response, 200, answer);
    if (this.hanging) {
      this.hanging.push(send);
    } else {
      send();
    }
  }

  private isClient({ headers }: IncomingMessage): boolean {
    const pair = Buffer.from(`${this.clientId}:${this.clientSecret}`).toString('base64');
    const expected = Buffer.from(`Basic ${pair}`);
    const presented = Buffer.from(headers.authorization ?? '');
    return presented.length === expected.length && timingSafeEqual(presented, expected);
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
