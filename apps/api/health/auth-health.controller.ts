import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DependencyUnavailableError } from '#libs/common';
import { Public } from '#libs/http';
import { StatisticsService } from '#libs/statistics';

class SessionStatsDto {
  @ApiProperty({ example: 5 })
  activeSessions!: number;

  @ApiProperty({ example: 3 })
  cachedProfiles!: number;

  @ApiProperty({ example: 2 })
  blacklistedTokens!: number;
}

class AuthHealthDto {
  @ApiProperty({ enum: ['OK', 'ERROR'], example: 'OK' })
  status!: 'OK' | 'ERROR';

  @ApiProperty({ enum: ['connected', 'disconnected'], example: 'connected' })
  redis!: 'connected' | 'disconnected';

  @ApiProperty({ type: SessionStatsDto, nullable: true })
  sessionStats!: SessionStatsDto | null;
}

const DISCONNECTED: AuthHealthDto = { status: 'ERROR', redis: 'disconnected', sessionStats: null };

@ApiTags('Health')
@Controller('auth/health')
export class AuthHealthController {
  constructor(private readonly statistics: StatisticsService) {}

  @Public()
  @Get()
  @ApiOperation({ summary: 'Redis connection and session statistics' })
  @ApiOkResponse({ type: AuthHealthDto })
  @ApiResponse({
    status: 503,
    description: 'Redis is unreachable.',
    type: AuthHealthDto,
    example: DISCONNECTED,
  })
  async check(@Res({ passthrough: true }) reply: FastifyReply): Promise<AuthHealthDto> {
    try {
      const sessionStats = await this.statistics.read();
      return { status: 'OK', redis: 'connected', sessionStats };
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        throw error;
      }
      reply.code(503);
      return DISCONNECTED;
    }
  }
}
