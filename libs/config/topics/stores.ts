import { z } from 'zod';
import { databaseUrl } from '../database-url';
import { redisUrl } from '../redis-url';
import { addressList, onOff, positiveInteger } from '../setting-types';

export const POSTGRES = {
  databaseUrl: databaseUrl().meta({
    env: 'DATABASE_URL',
    secret: true,
    description:
      'Address of Postgres 15 or later. `npm start` starts its own Postgres where this is unset. docs/postgres.md describes several hosts, TLS, another schema and PgBouncer; other parameters are refused.',
    examples: [
      'postgres://user:password@localhost:5432/latchkey',
      'postgres://user:password@a:5432,b:5432/latchkey?sslmode=verify-full&sslrootcert=/etc/postgres-ca.pem',
    ],
  }),
  databasePoolMax: positiveInteger().prefault('10').meta({
    env: 'DATABASE_POOL_MAX',
    description:
      'Maximum number of connections in the Postgres pool of this process. A process opens up to 4 more: 2 for the outbox and readiness, and 1 for each of two jobs while it runs. 1 is enough for all functions. This holds for the API and for a command of the command line. The sum over all processes must fit into the connection limits of the role, the database and the server.',
  }),
};

export const REDIS = {
  redisUrl: redisUrl().meta({
    env: 'REDIS_URL',
    secret: true,
    description:
      'Address of Redis 7.0 or later, or Valkey 8 or later: `redis[s]://[[user]:password@]host[:port][/database][?family=4|6]`. `rediss` means TLS. `npm start` starts its own Redis where this is unset. docs/redis.md lists the permissions that the user needs.',
    examples: ['redis://localhost:6379'],
  }),
  redisSentinels: addressList(26_379)
    .optional()
    .meta({
      env: 'REDIS_SENTINELS',
      description:
        'Redis Sentinels that know the master: `host:port,host:port`, port 26379 by default. `REDIS_URL` then gives user, password, database and TLS; its host and port are not used.',
      examples: ['sentinel-a,sentinel-b,sentinel-c', '10.0.0.1:26379,[2001:db8::1]:26379'],
      unset: '`REDIS_URL` is the address of the master',
    }),
  redisSentinelName: z
    .string()
    .optional()
    .meta({
      env: 'REDIS_SENTINEL_NAME',
      description: 'Name of the master in the configuration of the Sentinels.',
      examples: ['mymaster'],
      unset: 'required with `REDIS_SENTINELS`',
    }),
  redisSentinelUser: z.string().optional().meta({
    env: 'REDIS_SENTINEL_USER',
    secret: true,
    description: 'User name at the Sentinels themselves.',
    unset: 'the default user',
  }),
  redisSentinelPassword: z.string().optional().meta({
    env: 'REDIS_SENTINEL_PASSWORD',
    secret: true,
    description: 'Password at the Sentinels themselves.',
    unset: 'the Sentinels ask for none',
  }),
  redisSentinelTls: onOff().prefault('off').meta({
    env: 'REDIS_SENTINEL_TLS',
    description: 'Whether connections to the Sentinels use TLS: `on` or `off`.',
  }),
  redisClusterNodes: addressList(6379)
    .optional()
    .meta({
      env: 'REDIS_CLUSTER_NODES',
      description:
        'Nodes of a Redis Cluster, from which the other nodes are learnt: `host:port,host:port`, port 6379 by default. `REDIS_URL` then gives user, password and TLS; its host and port are not used.',
      examples: ['node-a:6379,node-b:6379,node-c:6379'],
      unset: 'Redis is no Cluster',
    }),
  redisCaFile: z
    .string()
    .optional()
    .meta({
      env: 'REDIS_CA_FILE',
      description:
        'File with the certificates, in PEM, of the authorities that are trusted for Redis and its Sentinels, and no others. This file and the next two are read again at each new connection.',
      examples: ['/etc/redis/ca.pem'],
      unset: 'the authorities of Node and of `NODE_EXTRA_CA_CERTS`',
    }),
  redisCertFile: z
    .string()
    .optional()
    .meta({
      env: 'REDIS_CERT_FILE',
      description: 'File with the client certificate for Redis and its Sentinels, in PEM.',
      examples: ['/etc/redis/client.pem'],
      unset: 'no client certificate',
    }),
  redisKeyFile: z
    .string()
    .optional()
    .meta({
      env: 'REDIS_KEY_FILE',
      description: 'File with the key of the client certificate, in PEM, unencrypted.',
      examples: ['/etc/redis/client-key.pem'],
      unset: 'required with `REDIS_CERT_FILE`',
    }),
};
