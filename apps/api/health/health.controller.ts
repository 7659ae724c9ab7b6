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
import { Readiness } from './readiness';

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
    private readonly readiness: Readiness,
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
  ready() {
    return this.readiness.check();
  }
}
