import { createSecretKey } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AuthModule } from '#libs/auth';
import { Settings, SettingsModule } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { GuardModule } from '#libs/http';
import { ProfileCacheModule } from '#libs/profile-cache';
import { RedisModule } from '#libs/redis';
import { SessionModule } from '#libs/session';
import { StatisticsModule } from '#libs/statistics';
import { UserModule, UserStore } from '#libs/user';
import { AdminController } from './admin/admin.controller';
import { AuthController } from './auth/auth.controller';
import { GatewayController } from './gateway/gateway.controller';
import { AuthHealthController } from './health/auth-health.controller';
import { HealthController } from './health/health.controller';
import { PostgresHealth } from './health/postgres.health';
import { RedisHealth } from './health/redis.health';
import { ProfileController } from './profile/profile.controller';
import { SessionController } from './session/session.controller';

const ISSUER = 'latchkey';
const AUDIENCE = 'latchkey-api';

/** The API process, composed: one line of settings for each library. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.forRoot(settings),
        RedisModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ redisUrl }: Settings) => ({ url: redisUrl }),
        }),
        DatabaseModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ databaseUrl }: Settings) => ({ url: databaseUrl }),
        }),
        StatisticsModule,
        SessionModule.forRootAsync({
          inject: [Settings],
          useFactory: (settings: Settings) => ({
            ttlSeconds: settings.sessionTtlSeconds,
            maxLifetimeSeconds: settings.sessionMaxLifetimeSeconds,
            blacklistTtlSeconds: settings.blacklistTtlSeconds,
            maxSessionsPerUser: settings.maxSessionsPerUser,
          }),
        }),
        ProfileCacheModule.forRootAsync({
          imports: [UserModule],
          source: UserStore,
          inject: [Settings],
          useFactory: ({ profileTtlSeconds }: Settings) => ({ ttlSeconds: profileTtlSeconds }),
        }),
        AuthModule.forRootAsync({
          imports: [UserModule],
          inject: [Settings],
          useFactory: ({ jwtSecret, jwtExpiresInSeconds }: Settings) => ({
            signingKey: createSecretKey(jwtSecret, 'utf8'),
            issuer: ISSUER,
            audience: AUDIENCE,
            accessTokenTtlSeconds: jwtExpiresInSeconds,
          }),
        }),
        GuardModule,
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [
        AuthController,
        SessionController,
        ProfileController,
        GatewayController,
        AdminController,
        AuthHealthController,
        HealthController,
      ],
      providers: [RedisHealth, PostgresHealth],
    };
  }
}
