import { Module } from '@nestjs/common';
import { SessionController } from './session.controller';

/** The user's own sessions. */
@Module({ controllers: [SessionController] })
export class SessionApiModule {}
