import {
  Catch,
  Controller,
  Get,
  ServiceUnavailableException,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/http';
import { ApiProblems } from '../http/api-problems.decorator';
import { HealthReportDto } from './health.dto';
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
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ApiOkResponse({ type: HealthReportDto, description: 'The process serves requests.' })
  @ApiOperation({
    operationId: 'getLiveness',
    summary: 'Liveness probe',
    description: 'Succeeds while the process serves requests, in any state of its stores.',
  })
  @ApiProblems()
  live() {
    return this.health.check([]);
  }

  @Get('ready')
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ApiOkResponse({
    type: HealthReportDto,
    description: '`ok`, or `degraded`: requests are answered, and `details` has warnings.',
  })
  @ApiResponse({
    status: 503,
    description: '`error`: Postgres does not answer, or the process is shutting down.',
    type: HealthReportDto,
  })
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Readiness probe',
    description:
      'Succeeds while requests can be answered: `degraded` without Redis, 503 without Postgres ' +
      'and during the shutdown.',
  })
  @ApiProblems()
  async ready() {
    const stores = this.shutdown.isUnderWay
      ? null
      : await this.health.check([() => this.redis.check(), () => this.postgres.check()]);
    // Checked again: a store that hangs takes a second, and a signal may arrive in it.
    return stores && !this.shutdown.isUnderWay
      ? stores
      : this.health.check([() => this.shutdown.check()]);
  }
}
