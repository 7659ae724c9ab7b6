import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { admitSocket, type SessionSocket } from '../admit-socket.js';
import type { VerifiedSession } from '../session.js';
import type { Verifier } from '../verifier.js';
import { LATCHKEY_VERIFIER } from './tokens.js';

/** For gateways on `@nestjs/platform-ws`. */
@Injectable()
export class SessionSockets {
  constructor(@Inject(LATCHKEY_VERIFIER) private readonly verifier: Verifier) {}

  /**
   * To be called first in `handleConnection`, see `admitSocket`.
   * @returns the session, or undefined when the socket has been closed
   */
  async admit(
    socket: SessionSocket,
    request: IncomingMessage,
  ): Promise<VerifiedSession | undefined> {
    return admitSocket(this.verifier, socket, request);
  }
}
