import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminService, type Authenticated } from '#libs/auth';
import { CurrentSession, IdPipe } from '#libs/http';
import { SessionList } from '#libs/session';
import { RevokedSessionsDto } from '../auth/auth.dto';
import { ApiSessionId, ApiUserId } from '../docs/id-parameters';
import { UNREADABLE_BODY } from '../http/api-problems.decorator';
import { PageQueryDto } from '../http/page-query.dto';
import { RequiresSession } from '../http/requires-session.decorator';
import { SessionListDto } from '../session/session.dto';
import { parseCursor, toSessionPage } from '../session/session-page';

@ApiTags('Administration')
@RequiresSession({ role: 'admin' })
@Controller('admin')
export class AdminSessionController {
  constructor(
    private readonly admin: AdminService,
    private readonly sessions: SessionList,
  ) {}

  @Get('users/:id/sessions')
  @ApiOperation({
    operationId: 'listUserSessions',
    summary: "List a user's sessions",
    description:
      'The newest session comes first. Pass `nextCursor` as `cursor` to read the next page.',
  })
  @ApiUserId()
  @ApiOkResponse({ type: SessionListDto })
  @RequiresSession({ problems: ['validation_failed', 'not_found'] })
  async listSessions(
    @CurrentSession() { session }: Authenticated,
    @Param('id', IdPipe) userId: string,
    @Query() { limit, cursor }: PageQueryDto,
  ): Promise<SessionListDto> {
    const after = parseCursor(cursor);
    await this.admin.requireAccount(userId);
    return toSessionPage(await this.sessions.list(userId, limit + 1, after), limit, session.id);
  }

  @Delete('users/:id/sessions')
  @ApiOperation({
    operationId: 'revokeUserSessions',
    summary: 'Sign a user out on every device',
    description: 'Revokes every session of the user. The account stays usable.',
  })
  @ApiUserId()
  @ApiOkResponse({ type: RevokedSessionsDto })
  @RequiresSession({ problems: ['not_found', 'forbidden', ...UNREADABLE_BODY] })
  async revokeSessions(@Param('id', IdPipe) userId: string): Promise<RevokedSessionsDto> {
    return { revokedSessions: await this.admin.revokeSessions(userId) };
  }

  @Delete('users/:id/sessions/:sessionId')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'revokeUserSession',
    summary: 'Sign a user out on one device',
    description: 'Revokes one session of the user. Its tokens are refused from now on.',
  })
  @ApiUserId()
  @ApiSessionId('sessionId')
  @ApiNoContentResponse({ description: 'The session is revoked.' })
  @RequiresSession({ problems: ['not_found', 'forbidden', ...UNREADABLE_BODY] })
  async revokeSession(
    @Param('id', IdPipe) userId: string,
    @Param('sessionId', IdPipe) sessionId: string,
  ): Promise<void> {
    await this.admin.revokeSession(userId, sessionId);
  }

  @Delete('sessions')
  @ApiOperation({
    operationId: 'revokeAllSessions',
    summary: 'Sign every user out, yourself included',
    description: 'Revokes every session of every user, the one that makes this call included.',
  })
  @ApiOkResponse({ type: RevokedSessionsDto })
  @RequiresSession({ problems: ['forbidden', ...UNREADABLE_BODY] })
  async revokeEveryone(): Promise<RevokedSessionsDto> {
    return { revokedSessions: await this.admin.revokeEveryone() };
  }
}
