import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClockModule } from '#libs/common';
import { AuditEventEntity } from './audit-event.entity';
import { AuditEventRepository } from './audit-event.repository';
import { AuditEvents } from './audit-events';
import { EventQueue } from './event-queue';
import { AuditRecorder } from './audit-recorder';

/** Needs `DatabaseModule` in the application. */
@Module({
  imports: [ClockModule, TypeOrmModule.forFeature([AuditEventEntity])],
  providers: [AuditEventRepository, EventQueue, AuditRecorder, AuditEvents],
  exports: [AuditRecorder, AuditEvents],
})
export class AuditModule {}
