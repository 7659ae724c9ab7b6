import { createSecretKey } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { AuthModule, HmacKeyRing } from '@latchkey/modules/auth';
import { CacheModule } from '@latchkey/modules/cache';
import { DatabaseModule } from '@latchkey/modules/database';
import { GuardModule } from '@latchkey/modules/http';
import { RedisModule } from '@latchkey/modules/redis';
import { SessionModule } from '@latchkey/modules/session';
import { ProfileCache } from '@latchkey/modules/user';
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
