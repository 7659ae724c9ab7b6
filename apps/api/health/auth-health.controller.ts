import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DependencyUnavailableError, Recent } from '#libs/common';
import { Public } from '#libs/http';
import { StatisticsService } from '#libs/statistics';
import { ApiProblems } from '../http/api-problems.decorator';
import { HealthTimings } from './health-timings';
import { SessionStatisticsDto } from './health.dto';

class AuthHealthDto {
  @ApiProperty({ enum: ['OK', 'ERROR'], example: 'OK' })
  status!: 'OK' | 'ERROR';

  @ApiProperty({ enum: ['connected', 'disconnected'], example: 'connected' })
  redis!: 'connected' | 'disconnected';

  @ApiProperty({ type: SessionStatisticsDto, nullable: true })
  sessionStats!: SessionStatisticsDto | null;
}

const DISCONNECTED: AuthHealthDto = { status: 'ERROR', redis: 'disconnected', sessionStats: null };

@ApiTags('Health')
@Controller('auth/health')
export class AuthHealthController {
  private readonly recent = new Recent<AuthHealthDto>();

  constructor(
    private readonly statistics: StatisticsService,
    private readonly timings: HealthTimings,
  ) {}

  @Public()
  @Get()
  @ApiOperation({
    operationId: 'getHealth',
    summary: 'Read the Redis connection and session statistics',
    description: 'Counts of active sessions, cached profiles and revoked sessions.',
  })
  @ApiOkResponse({ type: AuthHealthDto })
  @ApiResponse({
    status: 503,
    description: 'Redis is unreachable.',
    type: AuthHealthDto,
    example: DISCONNECTED,
  })
  @ApiProblems()
  async check(@Res({ passthrough: true }) reply: FastifyReply): Promise<AuthHealthDto> {
    const answer = await this.recent.get(this.timings.cacheMs, () => this.ask());
    if (answer.status === 'ERROR') {
      reply.code(503);
    }
    return answer;
  }

  private async ask(): Promise<AuthHealthDto> {
    try {
      const sessionStats = await this.statistics.read();
      return { status: 'OK', redis: 'connected', sessionStats };
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        throw error;
      }
      return DISCONNECTED;
    }
  }
}
