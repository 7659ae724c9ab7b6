import { createSecretKey, randomUUID } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AuthModule, AuthService, type Authenticated } from '../../libs/auth';
import { DatabaseModule } from '../../libs/database';
import { CurrentSession, GuardModule } from '../../libs/http';
import { ProfileCacheModule, type VersionedProfile } from '../../libs/profile-cache';
import { RedisModule } from '../../libs/redis';
import { SessionModule } from '../../libs/session';
import {
  UserStore,
  type AccountState,
  type Credentials,
  type NewUser,
  type ProfileChange,
} from '../../libs/user';
import { HttpClient } from '../support/http-client';
import {
  createTestDatabase,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../support/stores';

interface Account extends Credentials {
  current: VersionedProfile;
}

/** Somebody else's accounts, kept their own way. */
class AccountsInMemory extends UserStore {
  private readonly accounts = new Map<string, Account>();

  create({ email, passwordHash, displayName }: NewUser): Promise<VersionedProfile> {
    const id = randomUUID();
    const now = new Date().toISOString();
    const profile = { id, email, displayName, bio: null, avatarUrl: null, role: 'member' };
    const current = { version: 1, profile: { ...profile, createdAt: now, updatedAt: now } };
    this.accounts.set(id, { userId: id, role: 'member', passwordHash, disabled: false, current });
    return Promise.resolve(current);
  }

  findIdByEmail(email: string): Promise<string | null> {
    const account = [...this.accounts.values()].find((one) => one.current.profile.email === email);
    return Promise.resolve(account?.userId ?? null);
  }

  findCredentials(userId: string): Promise<Credentials | null> {
    return Promise.resolve(this.accounts.get(userId) ?? null);
  }

  readProfile(userId: string): Promise<VersionedProfile | null> {
    return Promise.resolve(this.accounts.get(userId)?.current ?? null);
  }

  updateProfile(userId: string, change: ProfileChange): Promise<VersionedProfile | null> {
    const account = this.accounts.get(userId);
    if (account) {
      const { version, profile } = account.current;
      account.current = { version: version + 1, profile: { ...profile, ...change } };
    }
    return Promise.resolve(account?.current ?? null);
  }

  changeAccount(): Promise<AccountState | null> {
    return Promise.reject(new Error('this application changes accounts elsewhere'));
  }

  delete(userId: string): Promise<void> {
    this.accounts.delete(userId);
    return Promise.resolve();
  }

  replacePasswordHash(userId: string, expected: string, next: string): Promise<boolean> {
    const account = this.accounts.get(userId);
    if (account?.passwordHash !== expected) {
      return Promise.resolve(false);
    }
    account.passwordHash = next;
    return Promise.resolve(true);
  }
}

@Module({
  providers: [{ provide: UserStore, useClass: AccountsInMemory }],
  exports: [UserStore],
})
class AccountsModule {}

@Controller('reports')
class ReportsController {
  @Get()
  read(@CurrentSession() { session }: Authenticated) {
    return { readBy: session.userId, as: session.role };
  }
}

describe("the modules in somebody else's application", () => {
  let redis: TestRedis;
  let database: TestDatabase;
  let app: NestFastifyApplication;
  let http: HttpClient;

  beforeAll(async () => {
    [redis, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
    const testing = await Test.createTestingModule({
      imports: [
        RedisModule.forRootAsync({ useFactory: () => ({ url: redis.url }) }),
        DatabaseModule.forRootAsync({ useFactory: () => ({ url: database.url }) }),
        SessionModule.forRootAsync({
          useFactory: () => ({ ttlSeconds: 3600, blacklistTtlSeconds: 3600 }),
        }),
        ProfileCacheModule.forRootAsync({
          imports: [AccountsModule],
          source: UserStore,
          useFactory: () => ({ ttlSeconds: 60 }),
        }),
        AuthModule.forRootAsync({
          imports: [AccountsModule],
          useFactory: () => ({
            signingKey: createSecretKey(Buffer.alloc(32, 7)),
            issuer: 'reports',
            audience: 'reports-api',
            accessTokenTtlSeconds: 600,
          }),
        }),
        GuardModule,
      ],
      controllers: [ReportsController],
    }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
      logger: false,
    });
    await app.listen(0, '127.0.0.1');
    http = new HttpClient(await app.getUrl());
  });

  afterAll(async () => {
    await app.close();
    await Promise.all([redis.stop(), database.drop()]);
  });

  it('sign its users in, guard its routes, and sign out', async () => {
    const auth = app.get(AuthService);
    const { session, accessToken, profile } = await auth.register(
      { email: 'ada@example.com', password: 'a long password', displayName: null },
      {},
    );
    const { token } = accessToken;
    const answer = await http.get('/reports', { token });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ readBy: profile.id, as: 'member' });

    const anonymous = await http.get('/reports');
    expect([anonymous.status, anonymous.body.code]).toEqual([401, 'token_missing']);
    await auth.logout(session);
    const refused = await http.get('/reports', { token });
    expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
  });
});
