import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuditEvents } from '#libs/audit';
import type { Authenticated } from '#libs/auth';
import { CurrentSession } from '#libs/http';
import { PageQueryDto } from '../http/page-query.dto';
import { RequiresSession } from '../http/requires-session.decorator';
import { parseCursor, toEventPage, toOwnEvent } from './event-page';
import { AuditEventListDto } from './audit-event.dto';

@ApiTags('Audit events')
@Controller('auth/events')
export class EventController {
  constructor(private readonly events: AuditEvents) {}

  @Get()
  @ApiOperation({
    operationId: 'listEvents',
    summary: 'List audit events of your account',
    description:
      'The newest event comes first. Sign-ins and refused attempts appear about a second later.',
  })
  @ApiOkResponse({ type: AuditEventListDto })
  @RequiresSession({ problems: ['validation_failed'] })
  async list(
    @CurrentSession() { session }: Authenticated,
    @Query() { limit, cursor }: PageQueryDto,
  ): Promise<AuditEventListDto> {
    const found = await this.events.list(session.userId, limit + 1, parseCursor(cursor));
    return toEventPage(found, limit, toOwnEvent);
  }
}
