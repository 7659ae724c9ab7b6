import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RecentAuth, type Authenticated } from '#libs/auth';
import { CurrentSession, IdPipe, RepeatsRevocation, RequiresRecentAuth } from '#libs/http';
import { SessionList, SessionRevoker, UserSessionRevoker } from '#libs/session';
import { RevokedSessionsDto } from '../auth/auth.dto';
import { ApiSessionId } from '../docs/id-parameters';
import { UNREADABLE_BODY } from '../http/api-problems.decorator';
import { EndsSession } from '../http/ends-session.decorator';
import { PageQueryDto } from '../http/page-query.dto';
import { RequiresSession } from '../http/requires-session.decorator';
import { SessionListDto } from './session.dto';
import { parseCursor, toSessionPage } from './session-page';

@ApiTags('Sessions')
@Controller('auth/sessions')
export class SessionController {
  constructor(
    private readonly sessions: SessionList,
    private readonly revoker: SessionRevoker,
    private readonly userRevoker: UserSessionRevoker,
    private readonly recentAuth: RecentAuth,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listSessions',
    summary: 'List your sessions',
    description:
      'The newest session comes first. Pass `nextCursor` as `cursor` to read the next page.',
  })
  @ApiOkResponse({ type: SessionListDto })
  @RequiresSession({ problems: ['validation_failed'] })
  async list(
    @CurrentSession() { session }: Authenticated,
    @Query() { limit, cursor }: PageQueryDto,
  ): Promise<SessionListDto> {
    const found = await this.sessions.list(session.userId, limit + 1, parseCursor(cursor));
    return toSessionPage(found, limit, session.id);
  }

  @Delete()
  @RequiresRecentAuth()
  @ApiOperation({
    operationId: 'revokeOtherSessions',
    summary: 'Sign your other devices out',
    description:
      'Revokes every session of the user except this one, in one step: however many, none of them is accepted from now ' +
      'on. Asks for a recent proof of identity.',
  })
  @ApiOkResponse({ type: RevokedSessionsDto })
  @RequiresSession({ problems: ['reauthentication_required', ...UNREADABLE_BODY] })
  async revokeOthers(@CurrentSession() { session }: Authenticated): Promise<RevokedSessionsDto> {
    const revokedSessions = await this.userRevoker.revokeAll(session.userId, {
      reason: 'revoked_by_user',
      keptSessionId: session.id,
    });
    return { revokedSessions };
  }

  @Delete(':id')
  @HttpCode(204)
  @EndsSession()
  @RepeatsRevocation()
  @ApiOperation({
    operationId: 'revokeSession',
    summary: 'Sign one of your devices out',
    description:
      'Revokes one session of the user. Its tokens are refused from now on. After 503 they are refused too, but the ' +
      'revocation is not recorded: repeat the request until it answers 204. For another session than this one it asks ' +
      'for a recent proof of identity.',
  })
  @ApiSessionId()
  @ApiNoContentResponse({ description: 'The session is revoked.' })
  @RequiresSession({ problems: ['not_found', 'reauthentication_required', ...UNREADABLE_BODY] })
  async revoke(
    @CurrentSession() authenticated: Authenticated,
    @Param('id', IdPipe) id: string,
  ): Promise<void> {
    const { session } = authenticated;
    if (id !== session.id) {
      await this.recentAuth.require(authenticated);
    }
    await this.revoker.revokeById(session.userId, id);
  }
}
