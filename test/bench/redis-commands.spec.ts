import { Redis } from 'ioredis';
import { commandOfClient, countCommands } from '../../bench/harness/redis-commands.mjs';
import { startTestRedis, type TestRedis } from '../support/stores';

describe('the commands of a request', () => {
  it.each([
    ['EVALSHA', '127.0.0.1:5000', 'evalsha'],
    ['get', '[::1]:5000', 'get'],
    ['get', 'lua', undefined],
    ['PING', '127.0.0.1:5000', undefined],
    ['client', '127.0.0.1:5000', undefined],
  ])('%s from %s counts as %s', (name, source, expected) => {
    expect(commandOfClient([name, 'key'], source)).toBe(expected);
  });

  describe('of a Redis', () => {
    let store: TestRedis;
    let redis: Redis;

    beforeAll(async () => {
      store = await startTestRedis();
      redis = new Redis(store.url);
    });

    afterAll(async () => {
      redis.disconnect();
      await store.stop();
    });

    it('are those that clients sent, and not those of their scripts', async () => {
      const script = "redis.call('SET', KEYS[1], '1') return redis.call('GET', KEYS[1])";
      const counts = await countCommands(store.url, async () => {
        await redis.eval(script, 1, 'a');
        await redis.pipeline().get('a').get('b').mget('a', 'b').exec();
      });
      expect(counts).toEqual({ get: 2, eval: 1, mget: 1 });
    });

    it('do not hide what fails meanwhile', async () => {
      const failing = countCommands(store.url, () => Promise.reject(new Error('no answer')));
      await expect(failing).rejects.toThrow('no answer');
    });
  });
});
