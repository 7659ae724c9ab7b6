import { Controller, Get, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Settings } from '#libs/config';
import { Public } from '#libs/http';
import { Readiness } from '../health/readiness';
import { HOME_POLICY, homePage, type ServiceState } from './home-page';

/** The page at `/`, for people. Like Swagger UI it is no part of the API, so the OpenAPI document does not list it. */
@ApiExcludeController()
@Public()
@Controller()
export class HomeController {
  constructor(
    private readonly settings: Settings,
    private readonly readiness: Readiness,
  ) {}

  @Get()
  async page(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    reply.header('content-security-policy', HOME_POLICY).type('text/html; charset=utf-8');
    return homePage(this.settings, await this.state());
  }

  private async state(): Promise<ServiceState> {
    try {
      return (await this.readiness.check()).status === 'ok' ? 'ready' : 'degraded';
    } catch (error) {
      if (error instanceof ServiceUnavailableException) {
        return 'unavailable';
      }
      throw error;
    }
  }
}
