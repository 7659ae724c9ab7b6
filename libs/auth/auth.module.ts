import { Module, type DynamicModule } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AuditModule } from '#libs/audit';
import { ClockModule, type OptionsFactory } from '#libs/common';
import { MetricsModule } from '#libs/metrics';
import { AccountService } from './account.service';
import { AdminService } from './admin.service';
import { AuthOptions } from './auth.options';
import { AuthService } from './auth.service';
import { Authenticator } from './authenticator';
import { KeyRing } from './keys/key-ring';
import { BreachedPasswords } from './passwords/breached-passwords';
import { PasswordHasher } from './passwords/password-hasher';
import { PasswordPolicy } from './passwords/password-policy';
import { TokenService } from './token.service';

/** `imports` must bring a `UserStore`: Latchkey's UserModule, or a module of the application's own. */
export type AuthModuleOptions = OptionsFactory<AuthOptions>;

/**
 * Sign-in and tokens for any Nest application that has `SessionModule` and `ProfileCacheModule`.
 */
@Module({})
export class AuthModule {
  static forRootAsync(options: AuthModuleOptions): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      imports: [
        AuditModule,
        ClockModule,
        MetricsModule,
        JwtModule.register({}),
        ...(options.imports ?? []),
      ],
      providers: [
        {
          provide: AuthOptions,
          inject: options.inject ?? [],
          useFactory: options.useFactory,
        },
        {
          // A provider of its own: so Nest runs its hooks, and controllers can inject it.
          provide: KeyRing,
          inject: [AuthOptions],
          useFactory: ({ keyRing }: AuthOptions) => keyRing,
        },
        PasswordHasher,
        BreachedPasswords,
        PasswordPolicy,
        TokenService,
        Authenticator,
        AuthService,
        AccountService,
        AdminService,
      ],
      exports: [AuthService, AccountService, AdminService, Authenticator, KeyRing],
    };
  }
}
