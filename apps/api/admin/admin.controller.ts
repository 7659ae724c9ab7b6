import { Body, Controller, Delete, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminService, type Authenticated } from '#libs/auth';
import { ValidationFailedError } from '#libs/common';
import { CurrentSession, IdPipe } from '#libs/http';
import { SessionList } from '#libs/session';
import { RevokedSessionsDto } from '../auth/auth.dto';
import { ApiUserId } from '../docs/id-parameters';
import { UNREADABLE_BODY } from '../http/api-problems.decorator';
import { PageQueryDto } from '../http/page-query.dto';
import { RequiresSession } from '../http/requires-session.decorator';
import { SessionListDto } from '../session/session.dto';
import { parseCursor, toSessionPage } from '../session/session-page';
import { AccountDto, ChangeAccountDto } from './admin.dto';

@ApiTags('Administration')
@RequiresSession({ role: 'admin' })
@Controller('admin')
export class AdminController {
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
  @RequiresSession({ problems: ['not_found', ...UNREADABLE_BODY] })
  async revokeSessions(@Param('id', IdPipe) userId: string): Promise<RevokedSessionsDto> {
    return { revokedSessions: await this.admin.revokeSessions(userId) };
  }

  @Delete('sessions')
  @ApiOperation({
    operationId: 'revokeAllSessions',
    summary: 'Sign every user out, yourself included',
    description: 'Revokes every session of every user, the one that makes this call included.',
  })
  @ApiOkResponse({ type: RevokedSessionsDto })
  @RequiresSession({ problems: UNREADABLE_BODY })
  async revokeEveryone(): Promise<RevokedSessionsDto> {
    return { revokedSessions: await this.admin.revokeEveryone() };
  }

  @Patch('users/:id')
  @ApiOperation({
    operationId: 'updateUser',
    summary: "Change a user's role or disable the account",
    description:
      'Name `disabled`, `role` or both. Each call revokes every session of the user, so that none ' +
      'continues with the earlier role.',
  })
  @ApiUserId()
  @ApiBody({
    type: ChangeAccountDto,
    examples: { enable: { summary: 'Enable the account', value: { disabled: false } } },
  })
  @ApiOkResponse({ type: AccountDto })
  @RequiresSession({
    problems: [
      'validation_failed',
      'malformed_json',
      'not_found',
      'payload_too_large',
      'unsupported_media_type',
    ],
  })
  async changeAccount(
    @Param('id', IdPipe) userId: string,
    @Body() { disabled, role }: ChangeAccountDto,
  ): Promise<AccountDto> {
    if (disabled === undefined && role === undefined) {
      throw new ValidationFailedError([
        { field: 'body', messages: ['body must name disabled or role'] },
      ]);
    }
    const changed = await this.admin.changeAccount(userId, {
      ...(disabled !== undefined && { disabled }),
      ...(role !== undefined && { role }),
    });
    return { ...changed.profile, disabled: changed.disabled };
  }
}
