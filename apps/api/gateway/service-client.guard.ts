import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditRecorder } from '#libs/audit';
import { DomainError } from '#libs/common';
import { Settings } from '#libs/config';
import { CallLimits, RateLimitedError, RejectionDelay } from '#libs/rate-limit';
import { clientAddress } from '../http/client-address';
import { setRateLimitHeaders } from '../limits/rate-limit-headers';

/** The caller is no client of `INTROSPECTION_CLIENTS`. */
export class ServiceClientError extends DomainError {
  readonly code = 'invalid_credentials';
  readonly challenge = 'Basic realm="latchkey", charset="UTF-8"';

  constructor() {
    super('The client credentials are missing or wrong. Send them with HTTP Basic.');
  }
}

/**
 * HTTP Basic (RFC 7617) for services that introspect. Wrong secrets are limited per address. A call with a right secret
 * costs no Redis round trip.
 */
@Injectable()
export class ServiceClientGuard implements CanActivate {
  private readonly credentials: Buffer[];

  constructor(
    { introspectionClients }: Settings,
    private readonly limits: CallLimits,
    private readonly refusals: RejectionDelay,
    private readonly events: AuditRecorder,
  ) {
    this.credentials = introspectionClients.map(({ id, secret }) => digest(`${id}:${secret}`));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const address = clientAddress(request) ?? '';
    try {
      this.limits.admitClientSecret(address);
      if (this.isClient(request)) {
        return true;
      }
      if (request.headers.authorization !== undefined) {
        await this.limits.clientSecretFailed(address);
      }
      throw new ServiceClientError();
    } catch (error) {
      if (error instanceof RateLimitedError) {
        setRateLimitHeaders(http.getResponse<FastifyReply>(), error.state);
        if (error.isFirst) {
          this.events.record({ name: 'introspection_refused', userId: null, details: {} });
        }
        await this.refusals.delayRejection();
      }
      throw error;
    }
  }

  private isClient({ headers: { authorization = '' } }: FastifyRequest): boolean {
    const encoded = /^Basic +([\w+/=-]+)$/i.exec(authorization)?.[1] ?? '';
    const presented = digest(Buffer.from(encoded, 'base64').toString('utf8'));
    // Compares every client, by digests of equal length: the duration reveals nothing about a near match.
    return this.credentials.filter((one) => timingSafeEqual(one, presented)).length > 0;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
