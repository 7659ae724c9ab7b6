import type { ModuleMetadata } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../apps/api/app.module';
import { fastifyAdapter, setUpHttp } from '../../apps/api/app.setup';
import { HttpTimings } from '../../apps/api/http/server-limits';
import { createLogger } from '../../apps/api/log/logger';
import { PinoLogger } from '../../apps/api/log/pino-logger';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AuthOptions } from '../../libs/auth';
import { PasswordHasher } from '../../libs/auth/passwords/password-hasher';
import { Clock } from '../../libs/common/clock';
import { parseSettings } from '../../libs/config/settings';
import { Metrics } from '../../libs/metrics';
import { SyncTimings } from '../../libs/sync';
import { MovableClock } from './clock';
import { HttpClient } from './http-client';
import { LogFile } from './run-logs';
import {
  createTestDatabase,
  newFolder,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from './stores';

export const PASSWORD = 'correct horse battery staple';

export interface TestApp {
  nest: NestFastifyApplication;
  http: HttpClient;
  clock: MovableClock;
  redis: TestRedis;
  database: TestDatabase;
  /** The directory of avatars, unless the environment sets another place. */
  avatarDirectory: string;
  /** Every line the application logged. */
  log: string[];
  /** Registers a new user and returns the whole answer's body. */
  register(email?: string): Promise<AuthResultDto>;
  login(email: string, password?: string): Promise<AuthResultDto>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** An application whose stores this one shares, as another instance of it. */
  beside?: TestApp;
  /** Environment variables beside the addresses of the stores. */
  env?: Record<string, string>;
  /** Port at which the application finds Postgres: a wire that the test can cut. */
  postgresPort?: number;
  /** Port at which the application finds Redis. */
  redisPort?: number;
  /** The user of Redis; the default user when absent. */
  redisUser?: { name: string; password: string };
  /** Deadlines of clients, where they differ from production. */
  httpTimings?: HttpTimings;
  /** Timings of the synchroniser, where they differ from production. */
  timings?: SyncTimings;
  /** Whether passwords are hashed as in production. Cheaper hashes when absent. */
  realHashes?: boolean;
  /** Controllers and modules beside those of the product. */
  more?: Pick<ModuleMetadata, 'imports' | 'controllers'>;
}

/**
 * Longer than in production: a machine that is busy with other suites delays polls of the outbox,
 * which must not affect tests of other subjects.
 */
const LEASE_MS = 5000;

/** The least that argon2 accepts. */
const CHEAP_HASHES = { memoryKib: 1024, passes: 2, parallelism: 1 };

let users = 0;

/** An address that no other test uses. */
export function newEmail(): string {
  users += 1;
  return `user-${process.pid}-${users}@example.com`;
}

/** The whole API on a free port, on a Redis and a database of its own. */
export async function startTestApp({
  beside,
  env = {},
  postgresPort,
  redisPort,
  redisUser,
  timings = Object.assign(new SyncTimings(), { leaseMs: LEASE_MS }),
  httpTimings = new HttpTimings(),
  realHashes = false,
  more = {},
}: TestAppOptions = {}): Promise<TestApp> {
  const [redis, database] = beside
    ? [beside.redis, beside.database]
    : await Promise.all([startTestRedis(), createTestDatabase()]);
  const databaseUrl = new URL(database.url);
  databaseUrl.port = String(postgresPort ?? databaseUrl.port);
  const redisUrl = new URL(redis.url);
  redisUrl.port = String(redisPort ?? redisUrl.port);
  redisUrl.username = redisUser?.name ?? '';
  redisUrl.password = redisUser?.password ?? '';
  const avatarDirectory = newFolder('avatars-');
  const settings = parseSettings({
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl.href,
    REDIS_URL: redisUrl.href,
    JWT_SECRET: 'a secret of the tests, long enough',
    AVATAR_DIR: avatarDirectory,
    JOBS_ENABLED: 'false',
    CANARY: 'off',
    // Tests send all requests from one address, and sign in often.
    RATE_LIMIT: 'off',
    ...env,
  });
  const clock = new MovableClock();
  const log: string[] = [];
  const file = new LogFile('app');
  const logger = createLogger('debug', {
    write(line) {
      log.push(line);
      file.write(line);
    },
  });
  const testing = await Test.createTestingModule({
    ...more,
    imports: [AppModule.forRoot(settings), ...(more.imports ?? [])],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .overrideProvider(SyncTimings)
    .useValue(timings)
    .overrideProvider(PasswordHasher)
    .useFactory({
      inject: [AuthOptions, Metrics],
      factory: (options: AuthOptions, metrics: Metrics) =>
        new PasswordHasher(realHashes ? options : { ...options, argon2: CHEAP_HASHES }, metrics),
    })
    .compile();
  const nest = testing.createNestApplication<NestFastifyApplication>(
    fastifyAdapter(logger, settings, httpTimings),
    {
      bodyParser: false,
      logger: new PinoLogger(logger),
    },
  );
  setUpHttp(nest);
  await nest.listen(0, '127.0.0.1');
  const http = new HttpClient(await nest.getUrl());
  return {
    nest,
    http,
    clock,
    redis,
    database,
    avatarDirectory,
    log,
    async register(email = newEmail()) {
      const json = { email, password: PASSWORD };
      return expectBody(await http.post<AuthResultDto>('/api/auth/register', { json }), 201);
    },
    async login(email, password = PASSWORD) {
      const json = { email, password };
      return expectBody(await http.post<AuthResultDto>('/api/auth/login', { json }), 200);
    },
    async close() {
      // Clients of the tests keep connections open, also unused ones.
      nest.getHttpServer().closeAllConnections();
      await nest.close();
      if (!beside) {
        await Promise.all([redis.stop(), database.drop()]);
      }
      file.close();
    },
  };
}

function expectBody<Body>(answer: { status: number; body: Body }, status: number): Body {
  if (answer.status !== status) {
    throw new Error(`expected ${status}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return answer.body;
}
