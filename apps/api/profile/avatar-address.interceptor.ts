import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { Settings } from '#libs/config';
import type { ProfileDto } from './profile.dto';

/** An answer that is a profile or has profiles. */
type Answer = Partial<ProfileDto> & { user?: ProfileDto; users?: ProfileDto[] };

/**
 * Adds the path of `PUBLIC_URL` to `avatarUrl` of each profile that is answered. Postgres and the caches hold the path
 * without it, so that the setting may change. Profiles are copied: a cache may hold the same object.
 */
@Injectable()
export class AvatarAddressInterceptor implements NestInterceptor {
  constructor(private readonly settings: Settings) {}

  intercept(_context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    return next.handle().pipe(map((answer) => (isObject(answer) ? this.show(answer) : answer)));
  }

  private show(answer: Answer): Answer {
    const { user, users } = answer;
    if (user || users) {
      return {
        ...answer,
        ...(user && { user: this.withAddress(user) }),
        ...(users && { users: users.map((one) => this.withAddress(one)) }),
      };
    }
    return this.withAddress(answer);
  }

  private withAddress<T extends Partial<ProfileDto>>(profile: T): T {
    const { avatarUrl } = profile;
    return avatarUrl ? { ...profile, avatarUrl: this.settings.publicPath + avatarUrl } : profile;
  }
}

function isObject(answer: unknown): answer is Answer {
  return typeof answer === 'object' && answer !== null;
}
