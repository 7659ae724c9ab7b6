import { Injectable } from '@nestjs/common';
import { AvatarOrphans } from '#libs/avatar';
import { SessionService } from '#libs/session';

/** What a clean-up took away. */
export interface CleanedUp {
  deletedSessions: number;
  removedAvatarFiles: number;
}

/** What nobody needs any more goes, in bounded batches. Nothing that is refused depends on it. */
@Injectable()
export class CleanUp {
  constructor(
    private readonly sessions: SessionService,
    private readonly avatars: AvatarOrphans,
  ) {}

  /** @throws DependencyUnavailableError; what was done until then stays done. */
  async run(): Promise<CleanedUp> {
    return {
      deletedSessions: await this.sessions.cleanUp(),
      removedAvatarFiles: await this.avatars.remove(),
    };
  }
}
