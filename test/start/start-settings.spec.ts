import { readStartSettings } from '../../tools/local/start-settings.mjs';

describe('npm start', () => {
  const before = { ...process.env };

  afterEach(() => {
    process.env = { ...before };
  });

  it.each([
    ['REDIS_URL', 'redis://:p@one', { REDIS_URL: 'redis://:p@one' }],
    ['Sentinels', 'redis://localhost', { REDIS_SENTINELS: 'a:26379' }],
    ['a Cluster', 'redis://localhost', { REDIS_CLUSTER_NODES: 'a:6379' }],
    ['both', 'redis://:p@one', { REDIS_CLUSTER_NODES: 'a:6379', REDIS_URL: 'redis://:p@one' }],
    // The start makes one.
    ['neither', undefined, {}],
  ])('with %s uses the Redis URL %j', async (_what, redisUrl, env) => {
    Object.assign(process.env, { REDIS_URL: '', PORT: '0', NODE_ENV: 'development' }, env);
    expect((await readStartSettings()).redisUrl).toBe(redisUrl);
  });
});
