import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller';
import { ReauthenticationController } from './reauthentication.controller';
import { SessionAnswers } from './session-answers';
import { TokenRevocationController } from './token-revocation.controller';

/** Sign-up, sign-in, refresh, logout. */
@Module({
  controllers: [AuthController, ReauthenticationController, TokenRevocationController],
  providers: [SessionAnswers],
})
export class AuthApiModule {}
