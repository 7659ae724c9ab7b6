import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { JwtSessionStrategy } from './jwt-session.strategy';
import { SessionGuard } from './session.guard';

/** Protects every route of the application that is not marked `@Public()`. Needs `AuthModule`. */
@Module({
  imports: [PassportModule],
  providers: [JwtSessionStrategy, { provide: APP_GUARD, useClass: SessionGuard }],
})
export class GuardModule {}
