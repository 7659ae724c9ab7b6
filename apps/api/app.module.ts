import { Module, type DynamicModule } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Settings } from '#libs/config';
import { GuardModule, SessionCookiesModule } from '#libs/http';
import { RateLimitModule } from '#libs/rate-limit';
import { CoreModule } from '../core.module';
import { AdminApiModule } from './admin/admin-api.module';
import { AuthApiModule } from './auth/auth-api.module';
import { CanaryModule } from './canary/canary.module';
import { EventsApiModule } from './events/events-api.module';
import { FirstSynchronisation } from './first-synchronisation';
import { GatewayApiModule } from './gateway/gateway-api.module';
import { HealthApiModule } from './health/health-api.module';
import { HomeModule } from './home/home.module';
import { JobsModule } from './jobs/jobs.module';
import { LifecycleModule } from './lifecycle/lifecycle.module';
import { ApiMetricsModule } from './metrics/api-metrics.module';
import { AvatarAddressInterceptor } from './profile/avatar-address.interceptor';
import { ProfileApiModule } from './profile/profile-api.module';
import { SessionApiModule } from './session/session-api.module';
import { TraceInterceptor } from './tracing/trace.interceptor';

/** The modules of the API process: the libraries, then one module for each feature. */
@Module({})
export class AppModule {
  /** @throws SettingsError when JWT_KEYS_DIR is unusable: before Nest starts, so without a stack. */
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.forRoot(settings),
        GuardModule,
        ...cookiesOf(settings),
        RateLimitModule.forRootAsync({
          inject: [Settings],
          useFactory: (settings: Settings) => ({
            enabled: settings.rateLimit,
            loginsPerAccount: settings.loginLimitPerAccount,
            loginsPerAddress: settings.loginLimitPerAddress,
            registrationsPerAddress: settings.registerLimitPerAddress,
            failedRefreshesPerAddress: settings.refreshLimitPerAddress,
          }),
        }),
        LifecycleModule,
        ApiMetricsModule.forRoot(settings),
        AuthApiModule,
        SessionApiModule,
        ProfileApiModule,
        EventsApiModule,
        GatewayApiModule,
        AdminApiModule,
        HealthApiModule,
        ...(settings.docs ? [HomeModule] : []),
        JobsModule,
        CanaryModule,
      ],
      providers: [
        FirstSynchronisation,
        ...(settings.publicPath === ''
          ? []
          : [{ provide: APP_INTERCEPTOR, useClass: AvatarAddressInterceptor }]),
        ...(settings.tracing ? [{ provide: APP_INTERCEPTOR, useClass: TraceInterceptor }] : []),
      ],
    };
  }
}

/** Without cookies the guard does not read any. */
function cookiesOf({ cookies, publicUrl, corsOrigins: origins, production }: Settings) {
  return cookies
    ? [SessionCookiesModule.forRoot({ publicUrl, origins, plainLocalhost: !production })]
    : [];
}
