import { Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import { AdminEventController } from './admin-event.controller';
import { EventController } from './event.controller';

/** Audit events, for users and administrators. */
@Module({ imports: [AuditModule], controllers: [EventController, AdminEventController] })
export class EventsApiModule {}
