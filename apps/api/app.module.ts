import { Module, type DynamicModule } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TerminusModule } from '@nestjs/terminus';
import { Settings } from '#libs/config';
import { GuardModule } from '#libs/http';
import { RateLimitModule } from '#libs/rate-limit';
import { CoreModule } from '../core.module';
import { AdminController } from './admin/admin.controller';
import { AuthController } from './auth/auth.controller';
import { AdminEventController } from './events/admin-event.controller';
import { EventController } from './events/event.controller';
import { GatewayController } from './gateway/gateway.controller';
import { JwksController } from './gateway/jwks.controller';
import { FirstSynchronisation } from './first-synchronisation';
import { AuthHealthController } from './health/auth-health.controller';
import { HealthTimings } from './health/health-timings';
import { HealthMetrics } from './health/health-metrics';
import { HealthController } from './health/health.controller';
import { PostgresHealth } from './health/postgres.health';
import { RedisHealth } from './health/redis.health';
import { ShutdownHealth } from './health/shutdown.health';
import { UnreadBodies } from './http/unread-bodies';
import { ScheduledJobs } from './jobs/scheduled-jobs';
import { HttpTraffic } from './lifecycle/http-traffic';
import { ApiMetricsModule } from './metrics/api-metrics.module';
import { AvatarController } from './profile/avatar.controller';
import { AvatarUploads } from './profile/avatar-upload';
import { ProfileController } from './profile/profile.controller';
import { SessionController } from './session/session.controller';
import { TraceInterceptor } from './tracing/trace.interceptor';

/** The API process, composed. */
@Module({})
export class AppModule {
  /** @throws SettingsError when JWT_KEYS_DIR is unusable: before Nest starts, so without a stack. */
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.forRoot(settings),
        ApiMetricsModule.forRoot(settings),
        GuardModule,
        RateLimitModule.forRootAsync({
          inject: [Settings],
          useFactory: ({ rateLimits }: Settings) => rateLimits,
        }),
        ScheduleModule.forRoot(),
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: [
        AuthController,
        SessionController,
        EventController,
        ProfileController,
        AvatarController,
        GatewayController,
        JwksController,
        AdminController,
        AdminEventController,
        AuthHealthController,
        HealthController,
      ],
      providers: [
        AvatarUploads,
        FirstSynchronisation,
        HealthMetrics,
        HealthTimings,
        HttpTraffic,
        ScheduledJobs,
        UnreadBodies,
        RedisHealth,
        PostgresHealth,
        ShutdownHealth,
        ...(settings.tracing ? [{ provide: APP_INTERCEPTOR, useClass: TraceInterceptor }] : []),
      ],
    };
  }
}
