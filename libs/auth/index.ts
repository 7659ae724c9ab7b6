export {
  AccountCreationService,
  type CreatedAccount,
  type NewAccount,
} from './account/account-creation.service';
export { AccountDeletionService } from './account/account-deletion.service';
export { AccountService } from './account/account.service';
export { AdminService } from './account/admin.service';
export { ReauthenticationService } from './account/reauthentication.service';
export { PasswordChangeService } from './account/password-change.service';
export { AuthModule } from './auth.module';
export { AuthOptions, type RegistrationMode } from './auth.options';
export {
  AccountDisabledError,
  AccountNotFoundError,
  InvalidCredentialsError,
  InvitationNotFoundError,
  InvitationRequiredError,
  ProfileChangedError,
  ReauthenticationRequiredError,
  RegistrationClosedError,
  RoleRequiredError,
  TokenExpiredError,
  TokenInvalidError,
  TokenMissingError,
} from './auth.errors';
export { Authenticator, type Attempt, type Authenticated } from './authenticator';
export { Invitations, type NewInvitation } from './invitations/invitations';
export { ChangingKeyRing } from './keys/changing-key-ring';
export { HmacKeyRing } from './keys/hmac-key-ring';
export { keyStates, type KeyState } from './keys/key-directory';
export {
  activatableAtMs,
  activateKey,
  addKey,
  retirableAtMs,
  retireKey,
} from './keys/key-rotation';
export {
  KeyRing,
  type PublicJwk,
  type PublicJwks,
  type SigningAlgorithm,
  type SigningKey,
} from './keys/key-ring';
export { PemKeyRing } from './keys/pem-key-ring';
export { checkImportedHash } from './passwords/hashes/parse-hash';
export { UnusableHashError } from './passwords/hashes/password-hash';
export { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './passwords/password-length';
export type { PasswordOptions } from './passwords/password-options';
export { latestProof, RecentAuth, type LatestProof } from './recent-auth';
export { CanarySession, type OpenCanary } from './sign-in/canary-session';
export { LoginService } from './sign-in/login.service';
export { LogoutService } from './sign-in/logout.service';
export { RefreshService, type AdmitRotation, type TokenPair } from './sign-in/refresh.service';
export { RegistrationService, type RegisterUser } from './sign-in/registration.service';
export { TokenRevocationService } from './sign-in/token-revocation.service';
export type { SessionChoices, SignedIn } from './sign-in/session-issuer';
