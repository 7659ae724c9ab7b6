import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import type { Authenticated } from '@latchkey/modules/auth';
import { CurrentSession, Public, RequiresRole } from '@latchkey/modules/http';

/** What this application is for. A route without a decorator of Latchkey's needs a live session. */
@Controller('reports')
export class ReportsController {
  private readonly reports = new Map([
    ['1', 'Rainfall'],
    ['2', 'Harvest'],
  ]);

  @Get()
  list(@CurrentSession() { session }: Authenticated) {
    return { reader: session.userId, role: session.role, reports: [...this.reports.values()] };
  }

  @Public()
  @Get('count')
  count() {
    return { count: this.reports.size };
  }

  @RequiresRole('editor')
  @Delete(':id')
  @HttpCode(204)
  delete(@Param('id') id: string): void {
    this.reports.delete(id);
  }
}
