export { AuthModule, type AuthModuleOptions } from './auth.module';
export { AuthOptions } from './auth.options';
export { AuthService, type RegisterUser, type SignedIn } from './auth.service';
export {
  InvalidCredentialsError,
  TokenExpiredError,
  TokenInvalidError,
  TokenMissingError,
} from './auth.errors';
export { Authenticator, type Authenticated } from './authenticator';
export { AccountService } from './account.service';
