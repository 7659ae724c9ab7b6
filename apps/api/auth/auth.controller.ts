import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import {
  LoginService,
  LogoutService,
  RefreshService,
  RegistrationService,
  type AdmitRotation,
  type Authenticated,
  type SessionChoices,
  type SignedIn,
} from '#libs/auth';
import type { Admission, RequestOrigin } from '#libs/common';
import { CurrentSession, Public, RepeatsRevocation } from '#libs/http';
import { CallLimits } from '#libs/rate-limit';
import { ApiProblems, UNREADABLE_BODY } from '../http/api-problems.decorator';
import { EndsSession } from '../http/ends-session.decorator';
import { Exchange, type HttpExchange } from '../http/exchange.decorator';
import { Origin } from '../http/origin.decorator';
import { RequiresSession } from '../http/requires-session.decorator';
import { Limited, RequestAdmission } from '../limits/limited.decorator';
import { RATE_LIMIT_HEADERS } from '../limits/rate-limit-headers';
import {
  AuthResultDto,
  LoginDto,
  RefreshDto,
  RegisterDto,
  RevokedSessionsDto,
  type CookieResult,
} from './auth.dto';
import { SessionAnswers } from './session-answers';

@ApiTags('Authentication')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly logins: LoginService,
    private readonly refreshes: RefreshService,
    private readonly logouts: LogoutService,
    private readonly limits: CallLimits,
    private readonly answers: SessionAnswers,
  ) {}

  @Public()
  @Limited('registration')
  @Post('register')
  @ApiOperation({
    operationId: 'register',
    summary: 'Create an account and sign in',
    description:
      'Answers with the tokens of a first session. Paste `accessToken` into Authorize. With the `invitation` for an ' +
      'account that an administrator has created, the call sets the password of that account.',
  })
  @ApiBody({
    type: RegisterDto,
    examples: {
      register: {
        summary: 'Create an account',
        value: {
          email: 'ada@example.com',
          password: 'correct horse battery staple',
          displayName: 'Ada Lovelace',
        },
      },
    },
  })
  @ApiCreatedResponse({ type: AuthResultDto, headers: RATE_LIMIT_HEADERS })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'registration_closed',
    'invitation_required',
    'cross_site_request',
    'forbidden',
    'email_taken',
    'payload_too_large',
    'unsupported_media_type',
    'rate_limited',
    'overloaded',
    'dependency_unavailable',
  )
  async register(
    @Body() body: RegisterDto,
    @Origin() origin: RequestOrigin,
    @RequestAdmission() admission: Admission,
    @Exchange() exchange: HttpExchange,
  ) {
    const { email, password, displayName = null, invitation, remember = false, cookies } = body;
    const user = { email, password, displayName, invitation: invitation ?? undefined };
    return this.signIn(cookies, exchange, (choices) =>
      this.registration.register(user, origin, admission, { remember, ...choices }),
    );
  }

  @Public()
  @Limited('login')
  @Post('login')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'login',
    summary: 'Sign in',
    description: 'Opens another session; earlier sessions of the user continue.',
  })
  @ApiOkResponse({ type: AuthResultDto, headers: RATE_LIMIT_HEADERS })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'invalid_credentials',
    'cross_site_request',
    'forbidden',
    'payload_too_large',
    'unsupported_media_type',
    'rate_limited',
    'overloaded',
    'dependency_unavailable',
  )
  async login(
    @Body() { email, password, remember = false, cookies }: LoginDto,
    @Origin() origin: RequestOrigin,
    @RequestAdmission() admission: Admission,
    @Exchange() exchange: HttpExchange,
  ) {
    return this.signIn(cookies, exchange, (choices) =>
      this.logins.login(email, password, origin, admission, { remember, ...choices }),
    );
  }

  @Public()
  @Limited('refresh')
  @Post('refresh')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'refresh',
    summary: 'Exchange a refresh token for new tokens',
    description:
      'Each refresh token is valid for one use. Used again by the same client within 10 seconds it ' +
      'returns the same pair. Any other repeated use ends the session. Without `refreshToken` the cookies of the session ' +
      'bring it, and the new tokens come in cookies.',
  })
  @ApiBody({ type: RefreshDto, required: false })
  @ApiOkResponse({ type: AuthResultDto, headers: RATE_LIMIT_HEADERS })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'token_missing',
    'token_invalid',
    'token_expired',
    'token_revoked',
    'cross_site_request',
    'payload_too_large',
    'unsupported_media_type',
    'rate_limited',
    'dependency_unavailable',
  )
  async refresh(
    @Body() { refreshToken }: RefreshDto,
    @Origin() origin: RequestOrigin,
    @Exchange() exchange: HttpExchange,
  ) {
    const admit: AdmitRotation = (token) => this.limits.admitRotation(token);
    if (refreshToken !== undefined) {
      return this.answers.inBody(await this.refreshes.refresh(refreshToken, origin, admit));
    }
    const pair = this.answers.tokensOf(exchange);
    const refreshed = await this.refreshes.refreshPair(pair, origin, admit);
    return this.answers.inCookies(refreshed, exchange);
  }

  @Post('logout')
  @HttpCode(204)
  @EndsSession()
  @RepeatsRevocation()
  @ApiOperation({
    operationId: 'logout',
    summary: 'Sign out',
    description:
      'Revokes this session. Its access token is refused from now on with `token_revoked`. After 503 it is refused too, ' +
      'but the revocation is not recorded: repeat the request until it answers 204.',
  })
  @ApiNoContentResponse({ description: 'The session is revoked.' })
  @RequiresSession({ problems: UNREADABLE_BODY })
  async logout(@CurrentSession() { session }: Authenticated) {
    await this.logouts.logout(session);
  }

  @Post('logout-all')
  @HttpCode(200)
  @EndsSession()
  @ApiOperation({
    operationId: 'logoutAll',
    summary: 'Sign out on every device',
    description: 'Revokes every session of the user, this one included.',
  })
  @ApiOkResponse({ type: RevokedSessionsDto })
  @RequiresSession({ problems: UNREADABLE_BODY })
  async logoutAll(@CurrentSession() { session }: Authenticated): Promise<RevokedSessionsDto> {
    return { revokedSessions: await this.logouts.logoutAll(session.userId) };
  }

  private async signIn(
    cookies: boolean | undefined,
    exchange: HttpExchange,
    open: (choices: SessionChoices) => Promise<SignedIn>,
  ): Promise<AuthResultDto | CookieResult> {
    if (!cookies) {
      return this.answers.inBody(await open({}));
    }
    this.answers.admitCookies(exchange);
    const endReplaced = () => this.answers.endReplaced(exchange);
    return this.answers.inCookies(await open({ endReplaced }), exchange);
  }
}
