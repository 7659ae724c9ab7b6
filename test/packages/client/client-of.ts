import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createClient,
  type ClientOptions,
  type LatchkeyClient,
  type SignedOutReason,
} from '../../../packages/client/src';
import { newEmail, PASSWORD, type TestApp } from '../../support/app';
import { ManualTime } from './manual-time';

export interface TestClient {
  client: LatchkeyClient;
  time: ManualTime;
  /** What `onSignedOut` was called with. */
  ends: SignedOutReason[];
}

/** A client of the application, with a time of its own. */
export function clientOf(app: TestApp, options: Partial<ClientOptions> = {}): TestClient {
  const time = new ManualTime();
  const ends: SignedOutReason[] = [];
  const onSignedOut = (reason: SignedOutReason) => ends.push(reason);
  const client = createClient({ baseUrl: app.http.origin, onSignedOut, ...options }, time);
  return { client, time, ends };
}

/** The same, with a new account. */
export async function signedInClientOf(app: TestApp, options: Partial<ClientOptions> = {}) {
  const made = clientOf(app, options);
  const { user, session } = await made.client.register({ email: newEmail(), password: PASSWORD });
  return { ...made, user, session };
}

/**
 * Records `METHOD /path` of every request that arrives at the application.
 * @param onRequest called for each.
 */
export function recordRequests(
  app: TestApp,
  onRequest: (name: string, response: ServerResponse) => void = () => undefined,
): { names: string[]; stop: () => void } {
  const names: string[] = [];
  const server = app.nest.getHttpServer();
  const record = ({ method, url }: IncomingMessage, response: ServerResponse) => {
    const name = `${method} ${url}`;
    names.push(name);
    onRequest(name, response);
  };
  server.on('request', record);
  return { names, stop: () => server.off('request', record) };
}

/** The error with which a call fails. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no error',
    (error: unknown) => error,
  );
}
