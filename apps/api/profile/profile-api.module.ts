import { Module } from '@nestjs/common';
import { AvatarController } from './avatar.controller';
import { AvatarUploads } from './avatar-upload';
import { ProfileController } from './profile.controller';

/** The user's own profile, picture and password. */
@Module({ controllers: [ProfileController, AvatarController], providers: [AvatarUploads] })
export class ProfileApiModule {}
