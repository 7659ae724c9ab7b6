import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller';
import { TokenRevocationController } from './token-revocation.controller';

/** Sign-up, sign-in, refresh, logout. */
@Module({ controllers: [AuthController, TokenRevocationController] })
export class AuthApiModule {}
