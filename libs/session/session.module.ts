import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '#libs/audit';
import { ClockModule, type OptionsFactory } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { StatisticsModule } from '#libs/statistics';
import { SyncModule } from '#libs/sync';
import { LastSeenTracker } from './last-seen.tracker';
import { NearCache } from './near-cache/near-cache';
import { NearCacheTimings } from './near-cache/near-cache-timings';
import { SessionChangesApplier } from './session-changes.applier';
import { SessionCleanUp } from './session-clean-up';
import { SessionLookup } from './session-lookup';
import { RevokedSessionCleaner } from './revoked-session-cleaner';
import { SessionPublisher } from './session-publisher';
import { SessionOptions } from './session.options';
import { SessionService } from './session.service';
import { RedisSessionStore } from './store/redis-session.store';
import { SessionVerifier } from './store/session-verifier';
import { RefreshTokenEntity } from './store/refresh-token.entity';
import { RefreshTokenStore } from './store/refresh-token.store';
import { SessionEntity } from './store/session.entity';
import { SessionRecordStore } from './store/session-record.store';
import { SessionRevocationStore } from './store/session-revocation.store';
import { SubjectStore } from './store/subject.store';
import { SubjectEntity } from './store/subject.entity';

/** Sessions for any Nest application that has `RedisModule` and `DatabaseModule`. */
@Module({})
export class SessionModule {
  static forRootAsync(options: OptionsFactory<SessionOptions>): DynamicModule {
    return {
      module: SessionModule,
      global: true,
      imports: [
        AuditModule,
        ClockModule,
        MetricsModule,
        StatisticsModule,
        SyncModule,
        TypeOrmModule.forFeature([SessionEntity, SubjectEntity, RefreshTokenEntity]),
        ...(options.imports ?? []),
      ],
      providers: [
        {
          provide: SessionOptions,
          inject: options.inject ?? [],
          useFactory: options.useFactory,
        },
        SubjectStore,
        SessionRevocationStore,
        SessionRecordStore,
        RefreshTokenStore,
        RedisSessionStore,
        SessionVerifier,
        NearCache,
        NearCacheTimings,
        SessionChangesApplier,
        SessionCleanUp,
        SessionLookup,
        RevokedSessionCleaner,
        SessionPublisher,
        LastSeenTracker,
        SessionService,
      ],
      exports: [SessionService, SessionCleanUp],
    };
  }
}
