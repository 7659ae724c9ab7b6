import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { IsEmail, IsString, Length } from 'class-validator';
import { AuthService, type Authenticated } from '#libs/auth';
import { CurrentSession, Public } from '#libs/http';

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
  constructor(private readonly auth: AuthService) {}

  @Public()
  @Post('sign-up')
  async signUp(@Body() { email, password }: CredentialsDto) {
    const { accessToken } = await this.auth.register({ email, password, displayName: null }, {});
    return { token: accessToken.token };
  }

  @Public()
  @Post('sign-in')
  @HttpCode(200)
  async signIn(@Body() { email, password }: CredentialsDto) {
    const { accessToken } = await this.auth.login(email, password, {});
    return { token: accessToken.token };
  }

  @Post('sign-out')
  @HttpCode(204)
  async signOut(@CurrentSession() { session }: Authenticated): Promise<void> {
    await this.auth.logout(session);
  }
}
