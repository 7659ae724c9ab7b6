import { Controller, Get, NotFoundException, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Clock } from '#libs/common';
import { Settings } from '#libs/config';
import { Public } from '#libs/http';

const PATH = '/.well-known/security.txt';
const DAY_MS = 86_400_000;
/** RFC 9116 section 2.5.5 recommends less than a year. */
const VALID_DAYS = 180;

/**
 * Where to report a vulnerability (RFC 9116), for people, so the OpenAPI document does not list it. `Expires` counts from
 * the day of the request: the settings are current while a process answers with them.
 */
@ApiExcludeController()
@Public()
@Controller('.well-known')
export class SecurityTxtController {
  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  @Get('security.txt')
  read(@Res({ passthrough: true }) reply: FastifyReply): string {
    const { securityContacts, publicUrl, publicPath } = this.settings;
    if (securityContacts.length === 0) {
      throw new NotFoundException('The setting SECURITY_CONTACT is not set.');
    }
    reply.type('text/plain; charset=utf-8');
    const day = Math.floor(this.clock.nowMs() / DAY_MS) + VALID_DAYS;
    // Section 2.5.2 allows https alone. With a path, a proxy may serve the file at the root of the host too, where
    // section 3 wants it.
    const places = publicUrl?.startsWith('https://')
      ? [new URL(PATH, publicUrl).href, publicUrl + PATH]
      : [];
    return [
      ...securityContacts.map((uri) => `Contact: ${uri}`),
      `Expires: ${new Date(day * DAY_MS).toISOString()}`,
      ...(publicPath === '' ? places.slice(0, 1) : places).map((uri) => `Canonical: ${uri}`),
      '',
    ].join('\n');
  }
}
