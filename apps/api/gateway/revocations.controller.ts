import { Controller, Get, Headers, Res, UseGuards } from '@nestjs/common';
import {
  ApiBasicAuth,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/http';
import { ApiProblems } from '../http/api-problems.decorator';
import { RevocationStreams } from './revocation-streams';
import { ServiceClientGuard } from './service-client.guard';

const EVENT_STREAM = 'text/event-stream';

@ApiTags('Gateways and services')
@Controller('auth')
export class RevocationsController {
  constructor(private readonly streams: RevocationStreams) {}

  @Public()
  @UseGuards(ServiceClientGuard)
  @Get('revocations')
  @ApiBasicAuth()
  @ApiProduces(EVENT_STREAM)
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Where to resume.' })
  @ApiOperation({
    operationId: 'followRevocations',
    summary: 'Follow the revocations of sessions',
    description:
      'Server-sent events, for clients of the setting `INTROSPECTION_CLIENTS`: each revocation within a second, ' +
      'and a heartbeat for each read of the outbox. Events: `session`, `subject`, `heartbeat`, `reset`, `reconnect`.',
  })
  @ApiOkResponse({
    description: 'The stream; it ends when the client or the server closes it.',
    content: { [EVENT_STREAM]: { schema: { type: 'string' } } },
  })
  @ApiProblems('invalid_credentials', 'rate_limited', 'overloaded', 'dependency_unavailable')
  async follow(
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { body } = await this.streams.open(lastEventId ?? null);
    // A proxy that collects the answer before it passes it on would make it useless: nginx reads the second header.
    await reply
      .headers({
        'content-type': EVENT_STREAM,
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      .send(body);
  }
}
