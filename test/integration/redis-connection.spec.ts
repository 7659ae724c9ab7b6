import { createConnection, type Socket } from 'node:net';
import { AbstractConnector, Redis } from 'ioredis';
import { Metrics } from '../../libs/metrics';
import { clientOf } from '../../libs/redis/create-redis-client';
import { driverOptions } from '../../libs/redis/driver-options';
import { silence } from '../../libs/redis/silence';
import { NoTracer } from '../../libs/tracing';
import { startTestRedis, type TestRedis } from '../support/stores';
import { until } from '../support/until';

describe('the connection to Redis', () => {
  let server: TestRedis;
  const ends: (() => void)[] = [];

  beforeAll(async () => {
    server = await startTestRedis();
  });

  afterEach(() => ends.splice(0).forEach((end) => end()));

  afterAll(async () => {
    await server.stop();
  });

  it('is made again after the driver has given up', async () => {
    let attempts = 0;
    class FailsTwice extends AbstractConnector {
      constructor() {
        super(100);
      }

      override connect(): Promise<Socket> {
        attempts += 1;
        this.connecting = true;
        if (attempts <= 2) {
          return Promise.reject(new Error('not now'));
        }
        this.stream = createConnection(Number(new URL(server.url).port), '127.0.0.1');
        return Promise.resolve(this.stream);
      }
    }
    const redis = new Redis({ ...driverOptions({ url: server.url }), Connector: FailsTwice });
    silence(redis);
    const client = clientOf(redis, new Metrics(), new NoTracer());
    ends.push(() => client.onApplicationShutdown());
    await until('Redis can be used', () => client.awayReason === null);
    await client.ping();
    expect(attempts).toBe(3);
  });

  it('stays closed once it was closed', async () => {
    const redis = new Redis(driverOptions({ url: server.url }));
    silence(redis);
    const client = clientOf(redis, new Metrics(), new NoTracer());
    await until('Redis can be used', () => client.awayReason === null);
    let attempts = 0;
    redis.on('connecting', () => (attempts += 1));
    client.onApplicationShutdown();
    await until('the connection has ended', () => redis.status, 'end');
    expect(attempts).toBe(0);
  });
});
