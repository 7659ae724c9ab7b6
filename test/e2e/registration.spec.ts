import type { IssuedInvitationDto, InvitationListDto } from '../../apps/api/admin/invitation.dto';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AdminService, AuthOptions, type RegistrationMode } from '../../libs/auth';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { auditRows } from '../support/audit-events';

const DAY_SECONDS = 86_400;

describe('registration', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startTestApp();
    const { user } = await app.register();
    await app.nest.get(AdminService).changeAccount(user.id, { role: 'admin' });
    token = (await app.login(user.email)).accessToken;
  });

  afterEach(() => setMode('open'));

  afterAll(() => app.close());

  /** As the setting REGISTRATION. */
  function setMode(mode: RegistrationMode): void {
    app.nest.get(AuthOptions).registration = mode;
  }

  const register = (fields: object) =>
    app.http.post<AuthResultDto & { code?: string }>('/api/auth/register', {
      json: { email: newEmail(), password: PASSWORD, ...fields },
    });

  async function invite(wanted: object = {}): Promise<IssuedInvitationDto> {
    const { status, body } = await app.http.post<IssuedInvitationDto>('/api/admin/invitations', {
      token,
      json: wanted,
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String) as string,
      code: expect.stringMatching(/^[\w-]{43}$/) as string,
      expiresAt: expect.any(String) as string,
    });
    return body;
  }

  async function outcome(fields: object): Promise<(number | string)[]> {
    const { status, body } = await register(fields);
    return status === 201 ? [201] : [status, body.code ?? ''];
  }

  async function invitations(): Promise<InvitationListDto['invitations']> {
    const { body } = await app.http.get<InvitationListDto>('/api/admin/invitations?limit=200', {
      token,
    });
    return body.invitations;
  }

  const taken = async () => (await app.register()).user.email;

  it('is closed to every address and every invitation', async () => {
    const { code } = await invite();
    setMode('closed');
    const refused = [403, 'registration_closed'];
    expect(await outcome({})).toEqual(refused);
    expect(await outcome({ invitation: code })).toEqual(refused);
    setMode('open');
    const email = await taken();
    setMode('closed');
    expect(await outcome({ email })).toEqual(refused);
    expect(await outcome({ email, password: 'password' })).toEqual(refused);
  });

  it('needs an invitation, and has one answer for every one that is missing or unusable', async () => {
    const email = await taken();
    const used = await invite();
    expect(await outcome({ invitation: used.code })).toEqual([201]);
    const deleted = await invite();
    const path = `/api/admin/invitations/${deleted.id}`;
    expect((await app.http.delete(path, { token })).status).toBe(204);
    expect((await app.http.delete(path, { token })).status).toBe(404);
    const others = await invite({ email: newEmail() });
    const usable = await invite();

    setMode('invite');
    const answers = [
      await register({}),
      await register({ email }),
      await register({ invitation: used.code }),
      await register({ invitation: deleted.code }),
      await register({ invitation: others.code }),
      await register({ invitation: others.code, email }),
      await register({ invitation: 'x' }),
      await register({ invitation: usable.id }),
    ];
    const first = { ...answers[0]!.body, requestId: '' };
    expect(first).toMatchObject({ status: 403, code: 'invitation_required' });
    for (const { body } of answers) {
      expect({ ...body, requestId: '' }).toEqual(first);
    }
    expect(await outcome({ invitation: usable.code })).toEqual([201]);
    // Where registration is open, a wrong code is refused too.
    setMode('open');
    expect(await outcome({ invitation: 'x' })).toEqual([403, 'invitation_required']);
  });

  it('uses an invitation once, for its address and role', async () => {
    setMode('invite');
    const email = newEmail();
    const { code } = await invite({ email, role: 'admin' });
    const both = [1, 2, 3].map(() =>
      register({ email: ` ${email.toUpperCase()}`, invitation: code }),
    );
    const answers = await Promise.all(both);
    const [winner, ...more] = answers.filter(({ status }) => status === 201);
    expect(more).toEqual([]);
    expect(winner!.body.user).toMatchObject({ email, role: 'admin' });
    const path = `/api/admin/users/${winner!.body.user.id}`;
    expect((await app.http.get(path, { token: winner!.body.accessToken })).status).toBe(200);
    for (const { status, body } of answers.filter((answer) => answer !== winner)) {
      expect([
        [403, 'invitation_required'],
        [409, 'email_taken'],
      ]).toContainEqual([status, body.code]);
    }
  });

  it('keeps an invitation whose use has failed', async () => {
    setMode('invite');
    const { code } = await invite();
    setMode('open');
    const email = await taken();
    setMode('invite');
    expect(await outcome({ email, invitation: code })).toEqual([409, 'email_taken']);
    expect(await outcome({ password: 'password', invitation: code })).toEqual([
      400,
      'validation_failed',
    ]);
    expect(await outcome({ invitation: code })).toEqual([201]);
  });

  it('refuses an expired invitation, from its instant on', async () => {
    setMode('invite');
    const early = await invite({ expiresIn: 60 });
    const late = await invite();
    app.clock.advance(61_000);
    expect(await outcome({ invitation: early.code })).toEqual([403, 'invitation_required']);
    expect((await invitations()).map(({ id }) => id)).not.toContain(early.id);
    app.clock.advance((7 * DAY_SECONDS - 120) * 1000);
    expect(await outcome({ invitation: late.code })).toEqual([201]);
    const administrator = await app.database.sql.query<{ email: string }[]>(
      `SELECT email FROM users WHERE role = 'admin' ORDER BY created_at LIMIT 1`,
    );
    token = (await app.login(administrator[0]!.email)).accessToken;
  });

  it('lists invitations without their codes, in pages', async () => {
    const one = await invite({ role: 'admin', expiresIn: DAY_SECONDS });
    const email = newEmail();
    const two = await invite({ email });
    const [second, first] = await invitations();
    expect(second).toMatchObject({ id: two.id, email, role: 'user', userId: null });
    expect(first).toMatchObject({ id: one.id, email: null, role: 'admin' });
    expect(JSON.stringify(await invitations())).not.toContain(one.code);
    const rows = await app.database.sql.query<object[]>('SELECT * FROM invitations');
    expect(JSON.stringify(rows)).not.toContain(one.code);
    const page = await app.http.get<InvitationListDto>('/api/admin/invitations?limit=1', { token });
    const next = await app.http.get<InvitationListDto>(
      `/api/admin/invitations?limit=1&cursor=${page.body.nextCursor}`,
      { token },
    );
    expect(next.body.invitations[0]!.id).toBe(one.id);
  });

  it.each([
    { email: 'x' },
    { role: 'root' },
    { expiresIn: 59 },
    { expiresIn: 7_776_001 },
    { expiresIn: '7d' },
    { code: 'mine' },
  ])('refuses the invitation %j', async (json) => {
    const answer = await app.http.post('/api/admin/invitations', { token, json });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
  });

  it('lets an administrator create an account with a password, in every mode', async () => {
    setMode('closed');
    const json = { email: newEmail(), password: PASSWORD, displayName: 'Ada', role: 'admin' };
    const { status, body } = await app.http.post('/api/admin/users', { token, json });
    expect([status, body.displayName, body.role, body.lastSignInAt]).toEqual([
      201,
      'Ada',
      'admin',
      null,
    ]);
    expect(body).not.toHaveProperty('invitation');
    expect((await app.login(json.email)).user.id).toBe(body.id);
    const again = await app.http.post('/api/admin/users', { token, json });
    expect([again.status, again.body.code]).toEqual([409, 'email_taken']);
    const weak = await app.http.post('/api/admin/users', {
      token,
      json: { email: newEmail(), password: 'password' },
    });
    expect(weak.body.code).toBe('validation_failed');
    const invited = await app.http.post('/api/admin/invitations', {
      token,
      json: { email: json.email },
    });
    expect([invited.status, invited.body.code]).toEqual([409, 'email_taken']);
  });

  it('lets a user choose the password of an account that was created without one', async () => {
    setMode('closed');
    const email = newEmail();
    const created = await app.http.post('/api/admin/users', { token, json: { email } });
    const { id, invitation } = created.body as { id: string; invitation: IssuedInvitationDto };
    const login = await app.http.post('/api/auth/login', { json: { email, password: PASSWORD } });
    expect(login.body.code).toBe('invalid_credentials');
    expect((await invitations())[0]).toMatchObject({ id: invitation.id, email, userId: id });

    expect(await outcome({ invitation: invitation.code })).toEqual([403, 'invitation_required']);
    const fields = { email, displayName: 'Ada', invitation: invitation.code };
    const answers = await Promise.all([1, 2, 3].map(() => register(fields)));
    const [answer] = answers.filter(({ status }) => status === 201) as [(typeof answers)[0]];
    expect([answer.body.user.id, answer.body.user.email]).toEqual([id, email]);
    const refused = answers.filter((one) => one !== answer);
    expect(refused.map(({ body }) => body.code)).toEqual(
      Array<string>(2).fill('invitation_required'),
    );
    expect((await app.login(email)).user.displayName).toBe('Ada');
    const verify = await app.http.get('/api/auth/verify', { token: answer.body.accessToken });
    expect(verify.status).toBe(200);
    expect(await outcome(fields)).toEqual([403, 'invitation_required']);
    const names = (await auditRows(app.database.sql, id)).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['account_created', 'invitation_created', 'invitation_used']),
    );
  });

  it('gives a disabled or deleted account no password', async () => {
    const create = async () => {
      const email = newEmail();
      const { body } = await app.http.post('/api/admin/users', { token, json: { email } });
      return { email, ...(body as { id: string; invitation: IssuedInvitationDto }) };
    };
    const disabled = await create();
    const path = `/api/admin/users/${disabled.id}`;
    await app.http.call('PATCH', path, { token, json: { disabled: true } });
    const use = ({ email, invitation }: Awaited<ReturnType<typeof create>>) =>
      outcome({ email, invitation: invitation.code });
    expect(await use(disabled)).toEqual([403, 'forbidden']);
    await app.http.call('PATCH', path, { token, json: { disabled: false } });
    expect(await use(disabled)).toEqual([201]);

    const deleted = await create();
    await app.http.delete(`/api/admin/users/${deleted.id}`, { token });
    expect(await use(deleted)).toEqual([403, 'invitation_required']);
    expect((await invitations()).map(({ id }) => id)).not.toContain(deleted.invitation.id);
  });
});
