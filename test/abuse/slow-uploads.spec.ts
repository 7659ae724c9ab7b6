import { connect, type Socket } from 'node:net';
import { AvatarUploads } from '../../apps/api/profile/avatar-upload';
import { AvatarEncoder } from '../../libs/avatar/avatar-encoder';
import { startTestApp, type TestApp } from '../support/app';
import { avatarForm } from '../support/avatars';
import { picture } from '../support/pictures';
import { until } from '../support/until';

const UPLOAD = '/api/auth/profile/avatar';
const AT_ONCE = 32;
const OF_ONE_USER = 4;
const OF_ONE_ADDRESS = 8;
const MINUTE_MS = 60_000;
const BULK = 'x'.repeat(40_000);

interface SlowUpload {
  socket: Socket;
  /** Everything that has been answered. */
  received: string;
}

describe('uploads that are sent slowly', () => {
  let app: TestApp;
  let png: Buffer;
  let attackers: string[];
  let honest: string[];
  let uploads: AvatarUploads;
  let open: SlowUpload[];

  beforeAll(async () => {
    app = await startTestApp({ env: { TRUST_PROXY: '1' } });
    png = await picture(64, 64).png().toBuffer();
    const tokens = async (count: number) => {
      const people = await Promise.all(Array.from({ length: count }, () => app.register()));
      return people.map(({ accessToken }) => accessToken);
    };
    [attackers, honest] = await Promise.all([tokens(AT_ONCE), tokens(10)]);
    uploads = app.nest.get(AvatarUploads);
  });

  beforeEach(() => {
    open = [];
    uploads.minAgeMs = 0;
    uploads.deadlineMs = MINUTE_MS;
  });

  afterEach(async () => {
    open.forEach(({ socket }) => socket.destroy());
    await until('a slot is free', async () => (await send(honest[0]!)).status, 200);
  });

  afterAll(() => app.close());

  function send(token: string, address = '203.0.113.200') {
    const headers = { 'x-forwarded-for': address };
    return app.http.post(UPLOAD, { token, form: avatarForm(png), headers });
  }

  /** Begins an upload and sends a few bytes of it. */
  function begin(token: string, address: string): SlowUpload {
    const socket = connect(Number(new URL(app.http.origin).port), '127.0.0.1');
    const upload = { socket, received: '' };
    socket.on('data', (data) => (upload.received += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.write(
      `POST ${UPLOAD} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
        `X-Forwarded-For: ${address}\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
        'Content-Length: 100000\r\n\r\n' +
        `--b\r\nContent-Disposition: form-data; name="avatar"; filename="a.png"\r\n\r\n\x89PNG`,
    );
    open.push(upload);
    return upload;
  }

  const refused = () => open.filter(({ received }) => received.startsWith('HTTP/1.1 503 ')).length;

  async function begun(count: number): Promise<void> {
    await until(`${count} uploads are under way`, () => uploads.underWay, count);
  }

  it('by many accounts from many addresses block no other client', async () => {
    attackers.forEach((token, index) => begin(token, `192.0.2.${index}`));
    await begun(AT_ONCE);
    const statuses: number[] = [];
    for (const [index, token] of honest.entries()) {
      statuses.push((await send(token, `203.0.113.${index}`)).status);
      // The upload that lost its slot is sent again.
      begin(attackers[index]!, `192.0.2.${index}`);
      await begun(AT_ONCE);
    }
    expect(statuses).toEqual(honest.map(() => 200));
    expect(refused()).toBe(honest.length);
    expect(open.find(({ received }) => received !== '')?.received).toMatch(/"code":"overloaded"/);
  });

  it('lose their slot before those that are sent faster', async () => {
    const all = attackers.map((token, index) => begin(token, `192.0.2.${index}`));
    await begun(AT_ONCE);
    const slowest = all[17]!;
    const others = all.filter((upload) => upload !== slowest);
    const sentTo = others.map(({ socket }) => new Promise((sent) => socket.write(BULK, sent)));
    await Promise.all(sentTo);
    // The server has read that once it has answered another client.
    await app.http.get('/health/live');
    expect((await send(honest[0]!)).status).toBe(200);
    await until('one upload is refused', refused, 1);
    expect(slowest.received).toContain('HTTP/1.1 503 ');
  });

  it('keep their slot while they are young', async () => {
    uploads.minAgeMs = 3_600_000;
    attackers.forEach((token, index) => begin(token, `192.0.2.${index}`));
    await begun(AT_ONCE);
    const answer = await send(honest[0]!);
    expect([answer.status, answer.body.code]).toEqual([503, 'overloaded']);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(refused()).toBe(0);
  });

  it('have a minute: then their connection is closed, and their slot is free', async () => {
    expect(new AvatarUploads().deadlineMs).toBe(MINUTE_MS);
    uploads.deadlineMs = 300;
    const upload = begin(attackers[0]!, '192.0.2.1');
    await begun(1);
    await until('the connection is closed', () => upload.socket.closed);
    await begun(0);
    expect(upload.received).toBe('');
  });

  it('keep their slot when they have been received', async () => {
    const encoder = app.nest.get(AvatarEncoder);
    const { encode } = encoder;
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const encoded = encode.call(encoder, png);
    encoder.encode = async () => {
      await released;
      return encoded;
    };
    const received = attackers.map((token, index) => send(token, `192.0.2.${index}`));
    await until(
      'the server has received every upload',
      () => [uploads.underWay, uploads.beingReceived],
      [AT_ONCE, 0],
    );
    const answer = await Promise.race([send(honest[0]!), ...received]);
    release!();
    encoder.encode = encode;
    expect(answer.status).toBe(503);
    expect(new Set((await Promise.all(received)).map(({ status }) => status))).toEqual(
      new Set([200]),
    );
  });

  it.each([
    ['one user', OF_ONE_USER, () => attackers[0]!, (index: number) => `192.0.2.${index}`],
    ['one address', OF_ONE_ADDRESS, (index: number) => attackers[index]!, () => '192.0.2.1'],
    [
      'one network',
      OF_ONE_ADDRESS,
      (index: number) => attackers[index]!,
      (index: number) => `2001:db8::${index}`,
    ],
  ])('of %s have a bound of their own', async (_, bound, tokenOf, addressOf) => {
    uploads.minAgeMs = 3_600_000;
    for (let index = 0; index < bound + 3; index++) {
      begin(tokenOf(index), addressOf(index));
    }
    await until('three uploads are refused', refused, 3);
    await begun(bound);
    expect((await send(honest[0]!)).status).toBe(200);
    uploads.minAgeMs = 0;
    expect((await send(tokenOf(0), addressOf(0))).status).toBe(200);
    expect(refused()).toBe(4);
  });
});
