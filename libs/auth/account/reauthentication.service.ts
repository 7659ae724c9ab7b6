import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { ANY_CLIENT, type Admission } from '#libs/common';
import { SessionChanger, type Session } from '#libs/session';
import { PasswordHasher } from '../passwords/password-hasher';
import { IdentityProof } from './identity-proof';

/** RFC 8176 section 2. */
const PASSWORD_METHOD = 'pwd';

@Injectable()
export class ReauthenticationService {
  constructor(
    private readonly passwords: PasswordHasher,
    private readonly proof: IdentityProof,
    private readonly sessions: SessionChanger,
    private readonly events: AuditRecorder,
  ) {}

  /**
   * Takes a new proof of identity for this session, by the password. A session that a change of the password has ended
   * meanwhile stays ended.
   * @param admission the client for whom hashing is queued.
   * @returns when the proof was taken; Unix time in ms.
   * @throws InvalidCredentialsError, SessionRevokedError, OverloadedError, DependencyUnavailableError
   */
  async reauthenticate(
    session: Session,
    password: string,
    admission: Admission = ANY_CLIENT,
  ): Promise<number> {
    const { id: sessionId, userId } = session;
    await this.passwords.inTurn(admission, () =>
      this.proof.require(userId, password, 'reauthentication'),
    );
    const { authenticatedAtMs } = await this.sessions.prove(session, PASSWORD_METHOD);
    this.events.record({ name: 'reauthenticated', userId, sessionId, details: {} });
    return authenticatedAtMs;
  }
}
