import { Module } from '@nestjs/common';
import { AdminSessionController } from './admin-session.controller';
import { InvitationController } from './invitation.controller';
import { UserController } from './user.controller';

/** Administration of accounts, sessions and invitations. */
@Module({ controllers: [UserController, AdminSessionController, InvitationController] })
export class AdminApiModule {}
