import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Invitations } from '#libs/auth';
import { IdPipe } from '#libs/http';
import { ApiInvitationId } from '../docs/id-parameters';
import { UNREADABLE_BODY } from '../http/api-problems.decorator';
import { PageQueryDto } from '../http/page-query.dto';
import { RequiresSession } from '../http/requires-session.decorator';
import { CreateInvitationDto, InvitationListDto, IssuedInvitationDto } from './invitation.dto';
import { parseCursor, toInvitationPage, toIssued } from './invitation-page';

@ApiTags('Administration')
@RequiresSession({ role: 'admin' })
@Controller('admin/invitations')
export class InvitationController {
  constructor(private readonly invitations: Invitations) {}

  @Post()
  @ApiOperation({
    operationId: 'createInvitation',
    summary: 'Invite a user',
    description:
      'The answer has the code, which is shown only once: send it to the user, who registers with it. With ' +
      '`REGISTRATION=closed` no invitation can be used that creates an account; create the account instead.',
  })
  @ApiCreatedResponse({ type: IssuedInvitationDto })
  @RequiresSession({
    problems: ['validation_failed', 'email_taken', 'forbidden', ...UNREADABLE_BODY],
  })
  async create(@Body() wanted: CreateInvitationDto): Promise<IssuedInvitationDto> {
    const { email, role, expiresIn: expiresInSeconds } = wanted;
    return toIssued(
      await this.invitations.create({ email: email ?? undefined, role, expiresInSeconds }),
    );
  }

  @Get()
  @ApiOperation({
    operationId: 'listInvitations',
    summary: 'List invitations that can be used',
    description:
      'The newest invitation comes first, without its code. Pass `nextCursor` as `cursor` to read the next page.',
  })
  @ApiOkResponse({ type: InvitationListDto })
  @RequiresSession({ problems: ['validation_failed'] })
  async list(@Query() { limit, cursor }: PageQueryDto): Promise<InvitationListDto> {
    const found = await this.invitations.list(limit + 1, parseCursor(cursor));
    return toInvitationPage(found, limit);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteInvitation',
    summary: 'Withdraw an invitation',
    description: 'Its code is refused from now on. An account that it has created stays.',
  })
  @ApiInvitationId()
  @ApiNoContentResponse({ description: 'The invitation is deleted.' })
  @RequiresSession({ problems: ['not_found', 'forbidden', ...UNREADABLE_BODY] })
  async delete(@Param('id', IdPipe) id: string): Promise<void> {
    await this.invitations.delete(id);
  }
}
