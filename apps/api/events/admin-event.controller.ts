import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuditEvents } from '#libs/audit';
import { AdminService } from '#libs/auth';
import { IdPipe } from '#libs/http';
import { ApiUserId } from '../docs/id-parameters';
import { PageQueryDto } from '../http/page-query.dto';
import { RequiresSession } from '../http/requires-session.decorator';
import { parseCursor, toAdminEvent, toEventPage } from './event-page';
import { AdminAuditEventListDto } from './audit-event.dto';

@ApiTags('Administration')
@RequiresSession({ role: 'admin' })
@Controller('admin/users/:id/events')
export class AdminEventController {
  constructor(
    private readonly admin: AdminService,
    private readonly events: AuditEvents,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listUserEvents',
    summary: "List audit events of a user's account",
    description: 'The newest event comes first. Events of a deleted account are kept for a while.',
  })
  @ApiUserId()
  @ApiOkResponse({ type: AdminAuditEventListDto })
  @RequiresSession({ problems: ['validation_failed', 'not_found'] })
  async list(
    @Param('id', IdPipe) userId: string,
    @Query() { limit, cursor }: PageQueryDto,
  ): Promise<AdminAuditEventListDto> {
    const found = await this.events.list(userId, limit + 1, parseCursor(cursor));
    if (found.length === 0) {
      await this.admin.requireAccount(userId);
    }
    return toEventPage(found, limit, toAdminEvent);
  }
}
