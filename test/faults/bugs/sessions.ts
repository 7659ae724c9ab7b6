import { Injectable } from '@nestjs/common';
import { DependencyUnavailableError } from '../../../libs/common';
import {
  SessionOpener,
  SessionRevokedError,
  SessionRevoker,
  SessionVerifier,
  type OpenedSession,
  type OpenSession,
  type EndReason,
  type Session,
  type VerifiedSession,
} from '../../../libs/session';
import {
  SessionRepository,
  type RecordedState,
} from '../../../libs/session/store/session.repository';

const DAY_MS = 86_400_000;

/** Accepts every well signed token as a live session. */
@Injectable()
export class ForgivingSessions extends SessionVerifier {
  override async verify(
    userId: string,
    sessionId: string,
    profileKey?: string,
  ): Promise<VerifiedSession> {
    try {
      return await super.verify(userId, sessionId, profileKey);
    } catch (error) {
      if (!(error instanceof SessionRevokedError)) {
        throw error;
      }
      const expiresAtMs = Date.now() + DAY_MS;
      const session = { id: sessionId, userId, role: 'user', generation: 1, expiresAtMs };
      return { session, cachedProfile: null };
    }
  }
}

/** Reads the generation after the password was checked, so that a change in between is not noticed. */
@Injectable()
export class LateGeneration extends SessionOpener {
  override async open(opening: OpenSession): Promise<OpenedSession> {
    return super.open({ ...opening, generation: await this.generationOf(opening.userId) });
  }
}

/** Has no record of sessions: a session that Redis has lost has ended. */
@Injectable()
export class EmptyRecord extends SessionRepository {
  override find(): Promise<Map<string, RecordedState>> {
    return Promise.resolve(new Map<string, RecordedState>());
  }
}

/** Answers that a session is revoked, though Postgres did not record it. */
@Injectable()
export class VolatileRevocations extends SessionRevoker {
  override async revoke(session: Session, reason: EndReason): Promise<void> {
    await super.revoke(session, reason).catch(() => undefined);
  }
}

/** Finds no session in Postgres, and so none without Redis. */
@Injectable()
export class UnreachableRecord extends SessionRepository {
  override find(): Promise<Map<string, RecordedState>> {
    return Promise.reject(new DependencyUnavailableError('postgres'));
  }
}
