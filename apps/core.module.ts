import { Module, type DynamicModule } from '@nestjs/common';
import { AuthModule } from '#libs/auth';
import { AuditModule } from '#libs/audit';
import { AvatarModule } from '#libs/avatar';
import { CacheModule } from '#libs/cache';
import { Settings, SettingsModule } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { MaintenanceModule } from '#libs/maintenance';
import { RedisModule } from '#libs/redis';
import { SessionModule } from '#libs/session';
import { StatisticsModule } from '#libs/statistics';
import { userCaches, UserModule } from '#libs/user';
import { AdminUsers } from './admin-users';
import { keyRingOf } from './key-ring';

const ISSUER = 'latchkey';
const AUDIENCE = 'latchkey-api';

export interface CoreOptions {
  /** How often Postgres is tried at the start. Absent: the default of `DatabaseModule`. */
  databaseAttempts?: number;
}

/** The libraries with their settings, for the API and the command line. */
@Module({})
export class CoreModule {
  /** @throws SettingsError when JWT_KEYS_DIR is unusable: before Nest starts, so without a stack. */
  static forRoot(settings: Settings, { databaseAttempts }: CoreOptions = {}): DynamicModule {
    const keyRing = keyRingOf(settings.jwtKeys);
    return {
      module: CoreModule,
      global: true,
      imports: [
        SettingsModule.forRoot(settings),
        RedisModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ redis }: Settings) => redis,
        }),
        DatabaseModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ databaseUrl, databasePoolMax }: Settings) => ({
            url: databaseUrl,
            poolSize: databasePoolMax,
            ...(databaseAttempts !== undefined && { connectAttempts: databaseAttempts }),
          }),
        }),
        StatisticsModule,
        AuditModule,
        SessionModule.forRootAsync({
          inject: [Settings],
          useFactory: (settings: Settings) => ({
            ttlSeconds: settings.sessionTtlSeconds,
            maxLifetimeSeconds: settings.sessionMaxLifetimeSeconds,
            rememberTtlSeconds: settings.rememberTtlSeconds,
            rememberMaxLifetimeSeconds: settings.rememberMaxLifetimeSeconds,
            idleTimeoutSeconds: settings.sessionIdleTimeoutSeconds,
            accessTokenTtlSeconds: settings.jwtExpiresInSeconds,
            blacklistTtlSeconds: settings.blacklistTtlSeconds,
            maxSessionsPerUser: settings.maxSessionsPerUser,
            nearCache: settings.nearCache
              ? { maxSessions: settings.nearCacheMaxSessions }
              : undefined,
          }),
        }),
        ...Object.values(userCaches).map((cache) =>
          CacheModule.forFeatureAsync(cache, {
            imports: [UserModule],
            inject: [Settings],
            useFactory: ({ profileTtlSeconds }: Settings) => ({ ttlSeconds: profileTtlSeconds }),
          }),
        ),
        AuthModule.forRootAsync({
          imports: [UserModule],
          inject: [Settings],
          useFactory: (settings: Settings) => ({
            keyRing,
            issuer: settings.publicUrl ?? ISSUER,
            // Of tokens from before PUBLIC_URL was set.
            olderIssuers: [ISSUER],
            audience: AUDIENCE,
            accessTokenTtlSeconds: settings.jwtExpiresInSeconds,
            recentAuthTtlSeconds: settings.recentAuthTtlSeconds,
            registration: settings.registration,
            passwords: {
              maxWaiting: settings.passwordQueueMax,
              contextWords: settings.passwordContextWords,
              breachServiceUrl: settings.breachedPasswordCheck
                ? settings.breachedPasswordUrl
                : undefined,
            },
          }),
        }),
        AvatarModule.forRootAsync({
          imports: [UserModule],
          inject: [Settings],
          useFactory: ({ avatarStorage }: Settings) => ({ storage: avatarStorage }),
        }),
        MaintenanceModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ auditRetentionSeconds }: Settings) => ({ auditRetentionSeconds }),
        }),
        UserModule,
      ],
      providers: [AdminUsers],
      exports: [AuditModule, StatisticsModule, UserModule, AdminUsers],
    };
  }
}
