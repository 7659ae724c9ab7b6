export { emailProblem, MAX_EMAIL_LENGTH } from './email-address';
export { normaliseEmail } from './normalise-email';
export * from './caches';
export * as userCaches from './caches';
export {
  hashCode,
  newCode,
  type Invitation,
  type IssuedInvitation,
} from './invitations/invitation';
export { InvitationEntity } from './invitations/invitation.entity';
export { InvitationModule } from './invitations/invitation.module';
export { InvitationRepository, type InvitationCursor } from './invitations/invitation.repository';
export type { Profile, VersionedProfile } from './profile';
export { EmailTakenError, LastAdministratorError } from './user.errors';
export {
  UserDirectory,
  type DirectoryCursor,
  type DirectoryQuery,
  type DirectoryUser,
} from './user-directory';
export { UserEntity } from './user.entity';
export { UserImportStore, type CreatedUser, type ImportedUser } from './user-import.store';
export { UserModule } from './user.module';
export {
  ROLES,
  UserStore,
  type AccountChange,
  type AccountState,
  type ChangedAccount,
  type Credentials,
  type NewUser,
  type ProfileChange,
  type ReplacedAvatar,
  type Role,
} from './user.store';
