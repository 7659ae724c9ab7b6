import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { RoleRequiredError } from '#libs/auth';
import { identifyRequest } from '#libs/common';
import type { AuthenticatedRequest } from './authenticated-request';
import { PUBLIC_ROUTE, READS_PROFILE, REQUIRED_ROLE } from './decorators';
import { JWT_SESSION_STRATEGY } from './jwt-session.strategy';

/** Lets a request in when its route is public or its session is alive. */
@Injectable()
export class SessionGuard extends AuthGuard(JWT_SESSION_STRATEGY) {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, targets)) {
      return true;
    }
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    request.readsProfile =
      this.reflector.getAllAndOverride<boolean | undefined>(READS_PROFILE, targets) ?? false;
    await super.canActivate(context);
    if (request.user) {
      identifyRequest(request.user.session);
    }
    const role = this.reflector.getAllAndOverride<string | undefined>(REQUIRED_ROLE, targets);
    if (role !== undefined && request.user?.session.role !== role) {
      throw new RoleRequiredError();
    }
    return true;
  }
}
