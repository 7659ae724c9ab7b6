import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { ServiceClientError } from '../../apps/api/gateway/service-client.guard';
import { MethodNotAllowedError } from '../../apps/api/http/allowed-methods';
import { MalformedCursorError, MalformedJsonError } from '../../libs/http';
import { MetricsForbiddenError } from '../../apps/api/metrics/metrics-access';
import * as auth from '../../libs/auth';
import * as avatar from '../../libs/avatar';
import {
  DependencyUnavailableError,
  DomainError,
  OverloadedError,
  ValidationFailedError,
  type ErrorCode,
} from '../../libs/common';
import {
  AmbiguousCookieError,
  bearerChallenge,
  CrossSiteRequestError,
  describe as problemOf,
  PROBLEMS,
} from '../../libs/http';
import { RateLimitedError } from '../../libs/rate-limit';
import * as session from '../../libs/session';
import { EmailTakenError, LastAdministratorError } from '../../libs/user';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import type { Answer } from '../support/http-client';

/** The subject that title and detail of a code must both name. */
const SUBJECTS: Record<ErrorCode, RegExp> = {
  validation_failed: /validation|invalid fields/i,
  malformed_json: /\bJSON\b/,
  malformed_request: /request|parameter|form/i,
  invalid_credentials: /credentials|password/i,
  token_missing: /access token/i,
  token_invalid: /token (is not valid|invalid)/i,
  token_expired: /token (has )?expired/i,
  token_revoked: /session.* revoked/i,
  reauthentication_required: /proof of identity|prove your identity/i,
  cross_site_request: /cross-site request/i,
  forbidden: /forbidden|not allowed|does not list|role|disabled/i,
  not_found: /not found|no such|no route/i,
  method_not_allowed: /method/i,
  email_taken: /e-mail address/i,
  last_administrator: /last administrator/i,
  registration_closed: /registration.* closed/i,
  invitation_required: /invitation/i,
  precondition_failed: /precondition|has changed/i,
  payload_too_large: /too large|at most/i,
  unsupported_media_type: /media type|application\/json|image/i,
  rate_limited: /too many/i,
  internal_error: /internal|server failed/i,
  overloaded: /overloaded|busy/i,
  dependency_unavailable: /unavailable/i,
};

/** One of each class and of each status that a client can get. */
const ERRORS: unknown[] = [
  ...[auth, session, avatar]
    .flatMap((library): unknown[] => Object.values(library))
    .filter(isErrorClass)
    .map((Class) => new Class('must be a picture')),
  new ValidationFailedError([]),
  new MalformedJsonError('The body is not valid JSON.'),
  new MalformedCursorError(),
  new ServiceClientError(),
  new MetricsForbiddenError(),
  new MethodNotAllowedError(),
  new CrossSiteRequestError(),
  new AmbiguousCookieError(),
  new EmailTakenError(),
  new LastAdministratorError(),
  new OverloadedError(),
  new DependencyUnavailableError('redis'),
  new RateLimitedError('account', { limit: 1, remaining: 0, resetSeconds: 1 }),
  new Error('anything'),
  ...[400, 403, 404, 405, 408, 412, 413, 414, 415, 416, 417, 431, 500].map((statusCode) => ({
    statusCode,
  })),
];

type ErrorClass = new (text: string) => DomainError;

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && value.prototype instanceof DomainError;
}

describe('the title and the detail of a problem', () => {
  it('are there for every code', () => {
    const codes = new Set(ERRORS.map((error) => problemOf(error, undefined).code));
    expect([...codes].sort()).toEqual(Object.keys(PROBLEMS).sort());
  });

  it.each(ERRORS.map((error) => problemOf(error, undefined)))(
    'have the same subject: $code, $title, $detail',
    ({ code, title, detail }) => {
      expect(title).toMatch(SUBJECTS[code]);
      expect(detail).toMatch(SUBJECTS[code]);
      // A title that names one kind of token does not fit another kind.
      if (/refresh token/i.test(detail)) {
        expect(title).not.toMatch(/access token/i);
      }
      expect(detail).toMatch(/^[A-Z].*\.$/);
    },
  );

  it.each(
    ERRORS.map((error) => problemOf(error, undefined)).filter(({ status }) => status === 401),
  )('are what the challenge says too: $code, $detail', ({ code, detail }) => {
    const [, description] = /error_description="(.*)"$/.exec(bearerChallenge(code, detail)) ?? [];
    // RFC 6750 section 3.1: without a token there is no error code. Section 3: the characters of a description.
    const isAboutToken = code !== 'token_missing' && code !== 'invalid_credentials';
    expect(description).toBe(isAboutToken ? detail : undefined);
    expect(description ?? '').toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
  });
});

describe('every 401 of the API', () => {
  let app: TestApp;
  let user: AuthResultDto;

  beforeAll(async () => {
    app = await startTestApp({ env: { INTROSPECTION_CLIENTS: 'service:a secret of a service' } });
    user = await app.register();
  });

  afterAll(() => app.close());

  const refresh = (refreshToken: string) =>
    app.http.post('/api/auth/refresh', { json: { refreshToken } });

  const CALLS: [title: string, code: ErrorCode, call: () => Promise<Answer>][] = [
    ['no token', 'token_missing', () => app.http.get('/api/auth/profile')],
    ['a bad token', 'token_invalid', () => app.http.get('/api/auth/profile', { token: 'x' })],
    ['no token of an administrator', 'token_missing', () => app.http.delete('/api/admin/sessions')],
    ['a bad refresh token', 'token_invalid', () => refresh('x')],
    [
      'a used refresh token',
      'token_revoked',
      async () => {
        const { refreshToken } = await app.register();
        await refresh(refreshToken);
        app.clock.advance(60_000);
        return refresh(refreshToken);
      },
    ],
    [
      'a token of a session that was signed out',
      'token_revoked',
      async () => {
        const { accessToken: token } = await app.register();
        await app.http.post('/api/auth/logout', { token });
        return app.http.get('/api/auth/verify', { token });
      },
    ],
    [
      'a wrong password',
      'invalid_credentials',
      () => {
        const json = { email: user.user.email, password: 'another password' };
        return app.http.post('/api/auth/login', { json });
      },
    ],
    [
      'a wrong password of a user who is signed in',
      'invalid_credentials',
      async () => {
        const { accessToken: token } = await app.register();
        const json = { currentPassword: 'another password', newPassword: `${PASSWORD} new` };
        return app.http.put('/api/auth/profile/password', { token, json });
      },
    ],
    ['no client credentials', 'invalid_credentials', () => app.http.post('/api/auth/introspect')],
    [
      'an expired refresh token',
      'token_expired',
      async () => {
        const { refreshToken } = await app.register();
        app.clock.advance(40 * 86_400_000);
        return refresh(refreshToken);
      },
    ],
    [
      'an expired token',
      'token_expired',
      async () => {
        const { accessToken: token } = await app.register();
        app.clock.advance(40 * 86_400_000);
        return app.http.get('/api/auth/profile', { token });
      },
    ],
  ];

  it.each(CALLS)('for %s is %s in title, detail and challenge', async (_, code, call) => {
    const { status, headers, body } = await call();
    expect([status, body.code, body.title]).toEqual([401, code, PROBLEMS[code].title]);
    expect(body.detail).toMatch(SUBJECTS[code]);
    const challenge = headers.get('www-authenticate') ?? '';
    const [, description] = /error_description="(.*)"$/.exec(challenge) ?? [];
    expect(challenge).toMatch(/^(Bearer|Basic) realm="latchkey"/);
    expect([undefined, body.detail]).toContain(description);
    expect(description === undefined).toBe(/missing|credentials/.test(code));
  });
});
