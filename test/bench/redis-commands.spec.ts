import { Redis } from 'ioredis';
import { commandOf, countCommands, countOnAll } from '../../bench/harness/redis-commands.mjs';
import { startTestRedis, type TestRedis } from '../support/stores';

describe('the commands of a request', () => {
  it.each([
    ['+1700000000.1 [0 127.0.0.1:5000] "EVALSHA" "a" "1"', 'evalsha', ' "a" "1"', false],
    ['1700000000.1 [0 [::1]:5000] "get" "key"', 'get', ' "key"', false],
    ['1700000000.1 [0 lua] "get" "key"', 'get', ' "key"', true],
    ['1700000000.1 [0 127.0.0.1:5000] "PING"', 'ping', '', false],
  ])('are read from the line %s', (line, command, rest, isStep) => {
    expect(commandOf(line)).toEqual({ command, rest, isStep });
  });

  it('are not in other lines', () => {
    expect(commandOf('+OK')).toBeUndefined();
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

    it('include those of clients, and not those of scripts', async () => {
      const script = "redis.call('SET', KEYS[1], '1') return redis.call('GET', KEYS[1])";
      const counts = await countCommands(store.url, async () => {
        await redis.eval(script, 1, 'a');
        await redis.pipeline().get('a').get('b').mget('a', 'b').ping().exec();
      });
      expect(counts).toEqual({ commands: { get: 2, eval: 1, mget: 1 }, steps: 2 });
    });

    it('do not include those of the synchroniser', async () => {
      const counts = await countCommands(store.url, async () => {
        await redis.eval("return redis.call('GET', KEYS[1])", 1, 'latchkey:checkpoint');
        await redis.get('a');
      });
      expect(counts).toEqual({ commands: { get: 1 }, steps: 0 });
    });

    it('do not include those for a partition of a Cluster', async () => {
      const counts = await countCommands(store.url, async () => {
        await redis.eval("return redis.call('GET', KEYS[1])", 1, 'latchkey:checkpoint:{17}');
        await redis.get('session:{17}:a');
      });
      expect(counts).toEqual({ commands: { get: 1 }, steps: 0 });
    });

    it('are added up for several servers', async () => {
      const other = await startTestRedis();
      const client = new Redis(other.url);
      try {
        const counts = await countOnAll([store.url, other.url], async () => {
          await redis.get('a');
          await client.eval("return redis.call('GET', KEYS[1])", 1, 'a');
        });
        expect(counts).toEqual({ sent: 2, steps: 1 });
      } finally {
        client.disconnect();
        await other.stop();
      }
    });

    it('do not hide a failure of the work', async () => {
      const failing = countCommands(store.url, () => Promise.reject(new Error('no answer')));
      await expect(failing).rejects.toThrow('no answer');
    });
  });
});
