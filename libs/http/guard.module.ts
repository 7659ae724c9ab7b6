import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { JwtSessionStrategy } from './jwt-session.strategy';
import { ProblemFilter } from './problem.filter';
import { SessionGuard } from './session.guard';

/**
 * Requires a session on every route that is not `@Public()`, and answers errors as problem+json. Needs `AuthModule`.
 */
@Module({
  imports: [PassportModule],
  providers: [
    JwtSessionStrategy,
    { provide: APP_GUARD, useClass: SessionGuard },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class GuardModule {}
