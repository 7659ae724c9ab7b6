import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { InvitationEntity } from './invitation.entity';
import { InvitationRepository } from './invitation.repository';

/** The table of invitations. Needs `DatabaseModule` in the application. */
@Module({
  imports: [TypeOrmModule.forFeature([InvitationEntity])],
  providers: [InvitationRepository],
  exports: [InvitationRepository],
})
export class InvitationModule {}
