import type { INestApplicationContext } from '@nestjs/common';
import {
  EveryoneRevoker,
  SessionList,
  SessionOpener,
  SessionRevoker,
  SessionVerifier,
  UserSessionRevoker,
  type OpenSession,
  type RevokeAllOptions,
  type Session,
} from '../../libs/session';

/** The use cases of sessions in one place, for tests that need several of them. */
export class Sessions {
  constructor(private readonly nest: INestApplicationContext) {}

  generationOf(userId: string) {
    return this.nest.get(SessionOpener).generationOf(userId);
  }

  open(opening: OpenSession) {
    return this.nest.get(SessionOpener).open(opening);
  }

  verify(userId: string, sessionId: string, profileKey?: string) {
    return this.nest.get(SessionVerifier).verify(userId, sessionId, profileKey);
  }

  list(userId: string, limit: number) {
    return this.nest.get(SessionList).list(userId, limit);
  }

  logout(session: Session) {
    return this.nest.get(SessionRevoker).revoke(session, 'logout');
  }

  revokeById(userId: string, sessionId: string) {
    return this.nest.get(SessionRevoker).revokeById(userId, sessionId);
  }

  revokeAll(userId: string, options: RevokeAllOptions = { reason: 'logout_all' }) {
    return this.nest.get(UserSessionRevoker).revokeAll(userId, options);
  }

  revokeEveryone() {
    return this.nest.get(EveryoneRevoker).revokeEveryone();
  }
}
