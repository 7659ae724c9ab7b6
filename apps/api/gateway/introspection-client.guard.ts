import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '#libs/common';
import { Settings } from '#libs/config';

/** The caller is not a client of `INTROSPECTION_CLIENTS`. */
export class IntrospectionClientError extends DomainError {
  readonly code = 'invalid_credentials';
  readonly challenge = 'Basic realm="latchkey", charset="UTF-8"';

  constructor() {
    super('The client credentials are missing or wrong. Send them with HTTP Basic.');
  }
}

/** HTTP Basic (RFC 7617) for services that introspect. */
@Injectable()
export class IntrospectionClientGuard implements CanActivate {
  private readonly credentials: Buffer[];

  constructor({ introspectionClients }: Settings) {
    this.credentials = introspectionClients.map(({ id, secret }) => digest(`${id}:${secret}`));
  }

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const encoded = /^Basic +([\w+/=-]+)$/i.exec(authorization)?.[1] ?? '';
    const presented = digest(Buffer.from(encoded, 'base64').toString('utf8'));
    // Every client is compared, and digests of equal length: time tells nothing of what is near.
    const matches = this.credentials.filter((one) => timingSafeEqual(one, presented));
    if (matches.length === 0) {
      throw new IntrospectionClientError();
    }
    return true;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
