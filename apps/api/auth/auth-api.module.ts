import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller';

/** Sign-up, sign-in, refresh, logout. */
@Module({ controllers: [AuthController] })
export class AuthApiModule {}
