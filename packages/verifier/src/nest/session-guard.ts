import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { bearerTokenOf } from '../bearer-token.js';
import { attachedSession, attachSession } from '../request-session.js';
import type { Verifier } from '../verifier.js';
import { carrierOf } from './carrier.js';
import { LATCHKEY_VERIFIER } from './tokens.js';

/**
 * Lets a request with a live session pass. In a gateway: a message of a socket that `SessionSockets` has admitted.
 * Throws a `VerifierError`, which `VerifierErrorFilter` answers.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(@Inject(LATCHKEY_VERIFIER) private readonly verifier: Verifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const carrier = carrierOf(context);
    if (context.getType() === 'ws') {
      return attachedSession(carrier) !== undefined;
    }
    const { headers } = carrier as { headers: IncomingHttpHeaders };
    attachSession(carrier, await this.verifier.verify(bearerTokenOf(headers.authorization)));
    return true;
  }
}
