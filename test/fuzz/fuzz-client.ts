import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { Invitations } from '../../libs/auth';
import type { TestApp } from '../support/app';
import { callWith, goodFields } from '../support/good-calls';
import type { Answer, Call } from '../support/http-client';
import { needsClient, pathOf, type OpenApi, type Route } from '../support/open-api';
import { monochromePng } from '../support/pictures';
import { until } from '../support/until';
import type { FormPart, FuzzBody, FuzzRequest } from './fuzz-request';
import type { FuzzUsers, Role } from './fuzz-users';
import { OWN } from './schema-values';

const PICTURE = monochromePng(4, 4);
/** The session of a request has ended; another session is needed. */
const SESSION_IS_OVER = ['token_revoked', 'token_expired'];
const READY = '/health/ready';

/** Sends requests as one pair of users, and signs them in again when a request has ended their session. */
export class FuzzClient {
  /** How many requests were sent, repeated ones too. */
  sent = 0;
  /** The id of an invitation that can be used, before a request that needs one. */
  private invitation = '';

  constructor(
    private readonly app: TestApp,
    private readonly api: OpenApi,
    private readonly users: FuzzUsers,
  ) {}

  /**
   * @returns the answer; the second one, where the session had ended, or where a store was away on a busy
   * machine. A request that always causes that gets the same answer again.
   */
  async send(route: Route, request: FuzzRequest): Promise<Answer<unknown>> {
    const answer = await this.sendOnce(route, request);
    const { code } = (answer.body ?? {}) as { code?: string };
    if (answer.status === 503) {
      await until('the API is ready', async () => (await this.app.http.get(READY)).status, 200);
      return this.sendOnce(route, request);
    }
    if (answer.status !== 401 || !SESSION_IS_OVER.includes(code ?? '')) {
      return answer;
    }
    await this.users.renew(roleOf(request));
    return this.sendOnce(route, request);
  }

  /** Sends a request with a new session. */
  async sendAfresh(route: Route, request: FuzzRequest): Promise<Answer<unknown>> {
    await this.users.renew('user');
    await this.users.renew('admin');
    if (route.path === INVITATION) {
      this.invitation = (await this.app.nest.get(Invitations).create({})).id;
    }
    return this.sendOnce(route, request);
  }

  private sendOnce(route: Route, request: FuzzRequest): Promise<Answer<unknown>> {
    const person = this.users.get(roleOf(request));
    const { headers, ...call } = this.callOf(route, request.body, person);
    const query = new URLSearchParams(request.query).toString();
    this.sent += 1;
    return this.app.http.call<unknown>(
      route.method,
      pathOf(route, this.ownPath(route, request.path)) + (query && `?${query}`),
      {
        ...call,
        ...tokenOf(request, person),
        headers: {
          ...(request.caller === 'nonsense' ? { authorization: 'Basic nonsense' } : headers),
          ...ownHeaders(request.headers, person),
        },
      },
    );
  }

  private callOf(route: Route, body: FuzzBody, person: AuthResultDto): Call {
    switch (body.kind) {
      case 'none':
        return needsClient(route) ? callWith(this.api, route, person, {}) : {};
      case 'fields': {
        const own = goodFields(this.api, route, person);
        return callWith(this.api, route, person, ownFields(body.fields, own));
      }
      case 'form':
        return { form: formOf(body.parts) };
      case 'raw':
        return { raw: new TextEncoder().encode(body.text), headers: body.headers };
    }
  }

  private ownPath({ path }: Route, values: Record<string, string>): Record<string, string> {
    const person = this.users.get('user');
    const own = path === INVITATION ? this.invitation : (OWN_IDS[path] ?? ownId)(person);
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        value !== OWN ? value : name === 'sessionId' ? person.session.id : own,
      ]),
    );
  }
}

const INVITATION = '/api/admin/invitations/{id}';

const ownId = ({ user }: AuthResultDto) => user.id;

/** The value of a path parameter that is not the user's own id, by path. */
const OWN_IDS: Record<string, (person: AuthResultDto) => string> = {
  '/api/auth/sessions/{id}': ({ session }) => session.id,
  '/api/auth/sessions/{id}/attributes': ({ session }) => session.id,
  '/avatars/{file}': ({ user }) => user.avatarUrl?.split('/').at(-1) ?? 'no-picture',
};

function roleOf({ caller }: FuzzRequest): Role {
  return caller === 'admin' ? 'admin' : 'user';
}

function tokenOf({ caller }: FuzzRequest, { accessToken }: AuthResultDto): Pick<Call, 'token'> {
  switch (caller) {
    case 'anonymous':
      return { token: '' };
    case 'nonsense':
      return { token: 'non.sen.se' };
    default:
      return { token: accessToken };
  }
}

function ownFields(
  fields: Record<string, unknown>,
  own: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value === OWN ? own[name] : value]),
  );
}

function ownHeaders(
  headers: Record<string, string>,
  { user }: AuthResultDto,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value === OWN ? `"${user.id}.1"` : value,
    ]),
  );
}

function formOf(parts: readonly FormPart[]): FormData {
  const form = new FormData();
  for (const { name, content } of parts) {
    if (content === 'not a file') {
      form.append(name, 'text');
    } else {
      form.append(name, new Blob([contentOf(content)]), 'me.png');
    }
  }
  return form;
}

function contentOf(content: FormPart['content']): Uint8Array<ArrayBuffer> {
  switch (content) {
    case 'picture':
      return new Uint8Array(PICTURE);
    case 'text':
      return new TextEncoder().encode('no picture');
    default:
      return new Uint8Array();
  }
}
