import {
  Catch,
  Controller,
  Get,
  ServiceUnavailableException,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/http';
import { PostgresHealth } from './postgres.health';
import { RedisHealth } from './redis.health';
import { ShutdownHealth } from './shutdown.health';

/** Terminus reports "not healthy" by an exception that carries the report. */
@Catch(ServiceUnavailableException)
class HealthReportFilter implements ExceptionFilter {
  catch(error: ServiceUnavailableException, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    reply.code(error.getStatus()).send(error.getResponse());
  }
}

@ApiTags('Health')
@Public()
@UseFilters(HealthReportFilter)
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly redis: RedisHealth,
    private readonly postgres: PostgresHealth,
    private readonly shutdown: ShutdownHealth,
  ) {}

  @Get('live')
  @HealthCheck()
  @ApiOperation({ summary: 'Liveness: the process can serve, whatever its stores do' })
  live() {
    return this.health.check([]);
  }

  @Get('ready')
  @HealthCheck()
  @ApiOperation({
    summary:
      'Readiness: requests can be answered; degraded while Redis is away, 503 while shutting down',
  })
  ready() {
    if (this.shutdown.isUnderWay) {
      return this.health.check([() => this.shutdown.check()]);
    }
    return this.health.check([() => this.redis.check(), () => this.postgres.check()]);
  }
}
