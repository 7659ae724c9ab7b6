import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '#libs/audit';
import { ClockModule } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { StatisticsModule } from '#libs/statistics';
import { SyncModule } from '#libs/sync';
import { SessionChanger } from './change/session-changer';
import { SessionActivation } from './open/session-activation';
import { SessionOpener } from './open/session-opener';
import { SessionRefresher } from './refresh/session-refresher';
import { EveryoneRevoker } from './revoke/everyone-revoker';
import { RevocationWriteThrough } from './revoke/revocation-write-through';
import { RevokedSessionCleaner } from './revoke/revoked-session-cleaner';
import { SessionChangesApplier } from './revoke/session-changes.applier';
import { SessionRevoker } from './revoke/session-revoker';
import { UserSessionRevoker } from './revoke/user-session-revoker';
import { SessionCleanUp } from './session-clean-up';
import { SessionEndedEvents } from './session-ended';
import { SessionEndedAudit, SessionEndedMetrics } from './session-ended.listeners';
import { LifetimeOptions, SessionLifetimes } from './session-lifetimes';
import { SessionList } from './session-list';
import { SessionOptions } from './session.options';
import { RedisSessionReader } from './store/redis-session-reader';
import { RedisSessionStore } from './store/redis-session.store';
import { RefreshTokenEntity } from './store/refresh-token.entity';
import { RefreshTokenRepository } from './store/refresh-token.repository';
import { SessionChangeRepository } from './store/session-change.repository';
import { SessionRevocationRepository } from './store/session-revocation.repository';
import { SessionEntity } from './store/session.entity';
import { SessionRepository } from './store/session.repository';
import { SubjectEntity } from './store/subject.entity';
import { SubjectRepository } from './store/subject.repository';
import { LastSeenTracker } from './verify/last-seen.tracker';
import { NearCache } from './verify/near-cache/near-cache';
import { NearCacheTimings } from './verify/near-cache/near-cache-timings';
import { RecordLookup } from './verify/record-lookup';
import { SessionLookup } from './verify/session-lookup';
import { SessionVerifier } from './verify/session-verifier';

/** The exports: one class for each use case. */
const USE_CASES = [
  SessionOpener,
  SessionVerifier,
  SessionRefresher,
  SessionChanger,
  SessionRevoker,
  UserSessionRevoker,
  EveryoneRevoker,
  SessionList,
  SessionCleanUp,
];

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<SessionOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** Sessions for any Nest application that has `RedisModule` and `DatabaseModule`. */
@Module({
  imports: [
    AuditModule,
    ClockModule,
    MetricsModule,
    StatisticsModule,
    SyncModule,
    TypeOrmModule.forFeature([SessionEntity, SubjectEntity, RefreshTokenEntity]),
  ],
  providers: [
    { provide: SessionOptions, useExisting: MODULE_OPTIONS_TOKEN },
    { provide: LifetimeOptions, useExisting: SessionOptions },
    ...USE_CASES,
    SessionActivation,
    RevocationWriteThrough,
    RevokedSessionCleaner,
    SessionChangesApplier,
    SessionEndedEvents,
    SessionEndedMetrics,
    SessionEndedAudit,
    SessionLifetimes,
    SessionLookup,
    RecordLookup,
    NearCache,
    NearCacheTimings,
    LastSeenTracker,
    RedisSessionStore,
    RedisSessionReader,
    SessionRepository,
    SessionRevocationRepository,
    SessionChangeRepository,
    RefreshTokenRepository,
    SubjectRepository,
  ],
  exports: USE_CASES,
})
export class SessionModule extends ConfigurableModuleClass {}
