import { Module } from '@nestjs/common';
import { AvatarController } from './avatar.controller';
import { AvatarUploads } from './avatar-upload';
import { ProfileController } from './profile.controller';

/** The profile, picture and password of the signed-in user. */
@Module({ controllers: [ProfileController, AvatarController], providers: [AvatarUploads] })
export class ProfileApiModule {}
