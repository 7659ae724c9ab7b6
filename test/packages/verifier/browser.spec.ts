import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import { createVerifier, type Verifier } from '@latchkey/verifier';
import { admitSocket } from '@latchkey/verifier/ws';
import { WebSocketServer } from 'ws';
import { send } from '../../faults/load/send';
import { useCluster } from '../../faults/scenario';
import { BOUND_MS, CLIENT, VERIFIER_ENV } from '../../faults/verifiers/probe';
import { newEmail, PASSWORD } from '../../support/app';
import { until } from '../../support/until';
import { startChromium, type Tab, type TestChromium } from '../../support/chromium';

/** Opens a socket, and answers with the user that the service names. */
const open = (token: string) => `new Promise((resolve, reject) => {
  const socket = new WebSocket('ws://' + location.host, ['bearer', '${token}']);
  window.ended = new Promise((close) => {
    socket.onclose = ({ code, reason }) => close({ code, reason, atMs: Date.now() });
  });
  window.ended.then(reject);
  socket.onmessage = ({ data }) => resolve(data);
})`;

interface Closed {
  code: number;
  reason: string;
  /** By the wall clock of the page. */
  atMs: number;
}

describe('the WebSocket of a page in Chromium to another service', () => {
  const cluster = useCluster({ env: VERIFIER_ENV, names: ['a'] });
  let verifier: Verifier;
  let service: Server;
  let sockets: WebSocketServer;
  let chromium: TestChromium;
  let tab: Tab;

  beforeAll(async () => {
    verifier = createVerifier({ url: cluster().instance('a').origin, ...CLIENT });
    service = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html>');
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    sockets = new WebSocketServer({ server: service });
    sockets.on('connection', (socket, request) => {
      void admitSocket(verifier, socket, request).then((session) => {
        if (session) {
          socket.send(session.userId);
        }
      });
    });
    chromium = await startChromium();
    const { port } = service.address() as AddressInfo;
    tab = await chromium.open(`http://127.0.0.1:${port}/`);
    await until('the page is open', () => tab.evaluate(`location.port === '${port}'`));
  });
  afterAll(async () => {
    await chromium.stop();
    verifier.close();
    sockets.clients.forEach((socket) => socket.terminate());
    service.close();
  });

  const post = async (path: string, message: { token?: string; json?: unknown }) => {
    const { origin } = cluster().instance('a');
    return send(origin, { method: 'POST', path: `/api/auth/${path}`, ...message });
  };

  it('is closed within the bound after the logout', async () => {
    const json = { email: newEmail(), password: PASSWORD };
    const { body } = await post('register', { json });
    const { accessToken: token, user } = body as AuthResultDto;
    expect(await tab.evaluate(open(token))).toBe(user.id);
    expect((await post('logout', { token })).status).toBe(204);
    const loggedOutMs = Date.now();
    const { code, reason, atMs } = await tab.evaluate<Closed>('window.ended');
    expect([code, reason]).toEqual([4401, 'token_revoked']);
    expect(atMs - loggedOutMs).toBeLessThanOrEqual(BOUND_MS);
  });

  it('is refused from the start with the token of an ended session', async () => {
    const json = { email: newEmail(), password: PASSWORD };
    const { accessToken: token } = (await post('register', { json })).body as AuthResultDto;
    await post('logout', { token });
    await tab.evaluate(`${open(token)}.catch(() => undefined)`);
    expect(await tab.evaluate<Closed>('window.ended')).toMatchObject({ code: 4401 });
  });
});
