export { EmailTakenError } from './user.errors';
export { UserEntity } from './user.entity';
export { UserModule } from './user.module';
export { UserStore, type Credentials, type NewUser, type ProfileChange } from './user.store';
