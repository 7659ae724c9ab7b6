import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AuditModule } from '#libs/audit';
import { ClockModule } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { InvitationModule } from '#libs/user';
import { AccountCreationService } from './account/account-creation.service';
import { AccountDeletionService } from './account/account-deletion.service';
import { AccountService } from './account/account.service';
import { AdminService } from './account/admin.service';
import { IdentityProof } from './account/identity-proof';
import { PasswordChangeService } from './account/password-change.service';
import { ReauthenticationService } from './account/reauthentication.service';
import { AuthOptions } from './auth.options';
import { Authenticator } from './authenticator';
import { Invitations } from './invitations/invitations';
import { KeyRing } from './keys/key-ring';
import { BreachedPasswords } from './passwords/breached-passwords';
import { PasswordHasher } from './passwords/password-hasher';
import { PasswordPolicy } from './passwords/password-policy';
import { RecentAuth } from './recent-auth';
import { CanarySession } from './sign-in/canary-session';
import { LoginService } from './sign-in/login.service';
import { LogoutService } from './sign-in/logout.service';
import { RefreshService } from './sign-in/refresh.service';
import { RegistrationService } from './sign-in/registration.service';
import { TokenRevocationService } from './sign-in/token-revocation.service';
import { SessionIssuer } from './sign-in/session-issuer';
import { TokenService } from './token.service';

/** The exports: one class for each use case. */
const USE_CASES = [
  RegistrationService,
  LoginService,
  RefreshService,
  LogoutService,
  TokenRevocationService,
  CanarySession,
  PasswordChangeService,
  AccountCreationService,
  ReauthenticationService,
  RecentAuth,
  AccountDeletionService,
  AccountService,
  AdminService,
  Invitations,
  Authenticator,
];

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<AuthOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/**
 * Sign-in and tokens for any Nest application that has `SessionModule` and a `ProfileCache`. `imports` of
 * `forRootAsync` must provide a `UserStore`: Latchkey's UserModule, or a module of the application.
 */
@Module({
  imports: [AuditModule, ClockModule, MetricsModule, JwtModule.register({}), InvitationModule],
  providers: [
    { provide: AuthOptions, useExisting: MODULE_OPTIONS_TOKEN },
    {
      // A provider, so that Nest runs its hooks and controllers can inject it.
      provide: KeyRing,
      inject: [AuthOptions],
      useFactory: ({ keyRing }: AuthOptions) => keyRing,
    },
    PasswordHasher,
    BreachedPasswords,
    PasswordPolicy,
    TokenService,
    SessionIssuer,
    IdentityProof,
    ...USE_CASES,
  ],
  exports: [...USE_CASES, KeyRing],
})
export class AuthModule extends ConfigurableModuleClass {}
