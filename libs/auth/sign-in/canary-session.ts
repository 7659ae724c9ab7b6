import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SessionOpener, SessionRevoker, type Session } from '#libs/session';
import { TokenService } from '../token.service';

/** The subject of canary sessions; no account has this id. */
const CANARY_USER = '00000000-0000-4000-8000-0000000ca4a7';
/** Grants nothing: no route asks for it. */
const CANARY_ROLE = 'canary';

/** A session that a canary opens to see how fast its end is obeyed. */
export interface OpenCanary {
  session: Session;
  accessToken: string;
}

/** Opens and ends sessions of a reserved subject. Methods throw DependencyUnavailableError. */
@Injectable()
export class CanarySession {
  constructor(
    private readonly opener: SessionOpener,
    private readonly revoker: SessionRevoker,
    private readonly tokens: TokenService,
  ) {}

  /** As a sign-in, without credentials. Three queries, one Redis round trip. */
  async open(): Promise<OpenCanary> {
    const generation = await this.opener.generationOf(CANARY_USER);
    const { session } = await this.opener.open({
      userId: CANARY_USER,
      role: CANARY_ROLE,
      generation,
    });
    const { token } = this.tokens.issue(session, randomUUID(), session.createdAtMs);
    return { session, accessToken: token };
  }

  /** As a logout. One query, one Redis round trip. */
  async end(session: Session): Promise<void> {
    await this.revoker.revoke(session, 'canary');
  }
}
