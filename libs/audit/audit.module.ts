import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClockModule } from '#libs/common';
import { AuditEventEntity } from './audit-event.entity';
import { AuditEventStore } from './audit-event.store';
import { AuditEvents } from './audit-events';
import { EventQueue } from './event-queue';
import { SecurityEvents } from './security-events';

/** Needs `DatabaseModule` in the application. */
@Module({
  imports: [ClockModule, TypeOrmModule.forFeature([AuditEventEntity])],
  providers: [AuditEventStore, EventQueue, SecurityEvents, AuditEvents],
  exports: [SecurityEvents, AuditEvents],
})
export class AuditModule {}
