import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AdminService } from '../../libs/auth';
import type { TestApp } from '../support/app';

export type Role = 'user' | 'admin';

/** A user and an administrator whose sessions, passwords and accounts may be lost. */
export class FuzzUsers {
  private constructor(
    private readonly app: TestApp,
    private readonly current: Record<Role, AuthResultDto>,
  ) {}

  static async create(app: TestApp): Promise<FuzzUsers> {
    return new FuzzUsers(app, { user: await app.register(), admin: await newAdmin(app) });
  }

  get(role: Role): AuthResultDto {
    return this.current[role];
  }

  /** Signs in again: as the same user where that still works, otherwise as a new one. */
  async renew(role: Role): Promise<void> {
    try {
      this.current[role] = await this.app.login(this.current[role].user.email);
    } catch {
      this.current[role] = await this.app.register();
    }
    if (role === 'admin' && this.current.admin.user.role !== 'admin') {
      this.current.admin = await newAdmin(this.app);
    }
  }
}

async function newAdmin(app: TestApp): Promise<AuthResultDto> {
  const { user } = await app.register();
  await app.nest.get(AdminService).changeAccount(user.id, { role: 'admin' });
  return app.login(user.email);
}
