import { createSecretKey } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { AuthModule, HmacKeyRing } from '#libs/auth';
import { CacheModule } from '#libs/cache';
import { DatabaseModule } from '#libs/database';
import { GuardModule } from '#libs/http';
import { RedisModule } from '#libs/redis';
import { SessionModule } from '#libs/session';
import { ProfileCache } from '#libs/user';
import { AccountsModule } from './accounts.module';
import { ReportsController } from './reports.controller';
import { SignInController } from './sign-in.controller';

export interface ReportsSettings {
  databaseUrl: string;
  redisUrl: string;
  /** Signs this application's tokens: at least 32 random bytes. */
  secret: string;
  /** E-mail addresses, in lower case, of those who may delete reports. */
  editors: readonly string[];
}

/** An application that shows reports, with Latchkey's modules inside it. */
@Module({})
export class AppModule {
  static forRoot(settings: ReportsSettings): DynamicModule {
    // Imported twice and created once: both must get the same accounts.
    const accounts = AccountsModule.forRoot(settings.editors);
    return {
      module: AppModule,
      imports: [
        RedisModule.forRootAsync({ useFactory: () => ({ url: settings.redisUrl }) }),
        DatabaseModule.forRootAsync({ useFactory: () => ({ url: settings.databaseUrl }) }),
        SessionModule.forRootAsync({
          useFactory: () => ({ ttlSeconds: 8 * 3600, blacklistTtlSeconds: 8 * 3600 }),
        }),
        CacheModule.forFeatureAsync(ProfileCache, {
          imports: [accounts],
          useFactory: () => ({ ttlSeconds: 600 }),
        }),
        AuthModule.forRootAsync({
          imports: [accounts],
          useFactory: () => ({
            keyRing: new HmacKeyRing(createSecretKey(settings.secret, 'utf8')),
            issuer: 'reports',
            audience: 'reports',
            accessTokenTtlSeconds: 3600,
          }),
        }),
        GuardModule,
      ],
      controllers: [SignInController, ReportsController],
    };
  }
}
