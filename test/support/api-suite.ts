import { ApiProcess } from './api-process';
import { buildOnce } from './build';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from './stores';

export interface ApiSuite {
  readonly redis: TestRedis;
  readonly database: TestDatabase;
  /** The settings that name its stores. */
  stores(): Record<string, string>;
  /** Runs the built API on these stores, until the test ends. Waits for nothing. */
  spawn(env?: Record<string, string>): Promise<ApiProcess>;
}

/** For a `describe` of tests that run the built API as a process: starts its stores, and stops them. */
export function useApiSuite(): ApiSuite {
  let redis: TestRedis;
  let database: TestDatabase;
  const processes: ApiProcess[] = [];

  beforeAll(async () => {
    await buildOnce();
    [redis, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
  }, 120_000);

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((api) => api.kill()));
  });

  afterAll(async () => {
    await Promise.all([redis.stop(), database.drop()]);
  });

  function stores(): Record<string, string> {
    return { DATABASE_URL: database.url, REDIS_URL: redis.url };
  }

  return {
    get redis() {
      return redis;
    },
    get database() {
      return database;
    },
    stores,
    async spawn(env = {}) {
      const api = await ApiProcess.spawn({ ...stores(), ...env });
      processes.push(api);
      return api;
    },
  };
}
