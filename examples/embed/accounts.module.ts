import { Module, type DynamicModule } from '@nestjs/common';
import { UserStore } from '@latchkey/modules/user';
import { AccountsStore, Editors } from './accounts.store';

/** Gives Latchkey's modules the `UserStore` that they ask for: this application's own. */
@Module({})
export class AccountsModule {
  static forRoot(editors: readonly string[]): DynamicModule {
    return {
      module: AccountsModule,
      providers: [
        { provide: Editors, useValue: new Editors(editors) },
        { provide: UserStore, useClass: AccountsStore },
      ],
      exports: [UserStore],
    };
  }
}
