import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '#libs/http';
import { Metrics } from '#libs/metrics';
import { ApiProblems } from '../http/api-problems.decorator';
import { clientAddress } from '../http/client-address';
import { MetricsAccess } from './metrics-access';

@ApiTags('Health')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly access: MetricsAccess,
  ) {}

  @Public()
  @Get()
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Read metrics',
    description: 'In the text format of Prometheus. `METRICS_ALLOW` limits who may read them.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'Prometheus text.', schema: { type: 'string' } })
  @ApiProblems('forbidden')
  async read(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    this.access.check(clientAddress(request));
    reply.type(this.metrics.contentType);
    return this.metrics.text();
  }
}
