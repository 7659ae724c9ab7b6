import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { IsEmail, IsString, Length } from 'class-validator';
import {
  LoginService,
  LogoutService,
  RegistrationService,
  type Authenticated,
} from '@latchkey/modules/auth';
import { CurrentSession, Public } from '@latchkey/modules/http';

export class CredentialsDto {
  @IsEmail()
  email!: string;

  @IsString()
  @Length(8, 128)
  password!: string;
}

/** Sign-in in this application's own words. */
@Controller()
export class SignInController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly logins: LoginService,
    private readonly logouts: LogoutService,
  ) {}

  @Public()
  @Post('sign-up')
  async signUp(@Body() { email, password }: CredentialsDto) {
    const user = { email, password, displayName: null };
    const { accessToken } = await this.registration.register(user, {});
    return { token: accessToken.token };
  }

  @Public()
  @Post('sign-in')
  @HttpCode(200)
  async signIn(@Body() { email, password }: CredentialsDto) {
    const { accessToken } = await this.logins.login(email, password, {});
    return { token: accessToken.token };
  }

  @Post('sign-out')
  @HttpCode(204)
  async signOut(@CurrentSession() { session }: Authenticated): Promise<void> {
    await this.logouts.logout(session);
  }
}
