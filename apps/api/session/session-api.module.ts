import { Module } from '@nestjs/common';
import { SessionController } from './session.controller';

/** The sessions of the signed-in user. */
@Module({ controllers: [SessionController] })
export class SessionApiModule {}
