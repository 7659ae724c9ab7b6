import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClockModule } from '#libs/common';
import { PostgresUserStore } from './postgres-user.store';
import { UserDirectory } from './user-directory';
import { UserImportStore } from './user-import.store';
import { UserEntity } from './user.entity';
import { UserStore } from './user.store';

/** Accounts in Latchkey's own table. Needs `DatabaseModule` in the application. */
@Module({
  imports: [ClockModule, TypeOrmModule.forFeature([UserEntity])],
  providers: [{ provide: UserStore, useClass: PostgresUserStore }, UserImportStore, UserDirectory],
  exports: [UserStore, UserImportStore, UserDirectory],
})
export class UserModule {}
