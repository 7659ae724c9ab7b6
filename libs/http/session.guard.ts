import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { RecentAuth, RoleRequiredError } from '#libs/auth';
import { identifyRequest } from '#libs/common';
import type { AuthenticatedRequest } from './authenticated-request';
import {
  PUBLIC_ROUTE,
  READS_PROFILE,
  REPEATS_REVOCATION,
  REQUIRED_ROLE,
  REQUIRES_RECENT_AUTH,
  type RecentAuthRequirement,
} from './decorators';
import { JwtSessionStrategy } from './jwt-session.strategy';

/** The access rules of a handler, from its decorators and its controller's. */
interface RouteAccess {
  isPublic: boolean;
  readsProfile: boolean;
  repeatsRevocation: boolean;
  role: string | undefined;
  recentAuth: RecentAuthRequirement | undefined;
}

/**
 * Admits a request if its route is public or its session is live. It calls the strategy directly: `AuthGuard` would
 * create a passport middleware for every request, to reach the same method.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  /** By controller and handler: two controllers may inherit the same handler. */
  private readonly access = new WeakMap<object, Map<object, RouteAccess>>();

  constructor(
    private readonly reflector: Reflector,
    private readonly strategy: JwtSessionStrategy,
    private readonly recentAuth: RecentAuth,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessOf(context);
    return access.isPublic || this.authenticate(context, access);
  }

  private authenticate(
    context: ExecutionContext,
    { readsProfile, repeatsRevocation, role, recentAuth }: RouteAccess,
  ): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    request.readsProfile = readsProfile;
    request.repeatsRevocation = repeatsRevocation;
    return this.strategy.validate(request).then((user) => {
      request.user = user;
      identifyRequest(user.session);
      if (role !== undefined && user.session.role !== role) {
        throw new RoleRequiredError();
      }
      return (
        recentAuth === undefined ||
        this.recentAuth.require(user, recentAuth.maxAgeSeconds).then(() => true)
      );
    });
  }

  private accessOf(context: ExecutionContext): RouteAccess {
    const controller = context.getClass();
    const handler = context.getHandler();
    let ofController = this.access.get(controller);
    if (!ofController) {
      ofController = new Map();
      this.access.set(controller, ofController);
    }
    let access = ofController.get(handler);
    if (!access) {
      access = this.readAccess([handler, controller]);
      ofController.set(handler, access);
    }
    return access;
  }

  private readAccess(targets: Parameters<Reflector['getAllAndOverride']>[1]): RouteAccess {
    return {
      isPublic:
        this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, targets) ?? false,
      readsProfile:
        this.reflector.getAllAndOverride<boolean | undefined>(READS_PROFILE, targets) ?? false,
      repeatsRevocation:
        this.reflector.getAllAndOverride<boolean | undefined>(REPEATS_REVOCATION, targets) ?? false,
      role: this.reflector.getAllAndOverride<string | undefined>(REQUIRED_ROLE, targets),
      recentAuth: this.reflector.getAllAndOverride<RecentAuthRequirement | undefined>(
        REQUIRES_RECENT_AUTH,
        targets,
      ),
    };
  }
}
