import { z } from 'zod';
import { listenHost, listenPort, positiveInteger, timeoutSeconds } from '../setting-types';

export const PROCESS = {
  nodeEnv: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .prefault('development')
    .meta({
      env: 'NODE_ENV',
      description:
        'The mode: development, test or production. In production the required settings have no local replacement, and `JWT_SECRET` must be strong.',
    }),
  host: listenHost().prefault('127.0.0.1').meta({
    env: 'HOST',
    description:
      'Host name or address on which the API listens. In a container set it to `0.0.0.0`.',
  }),
  port: listenPort().prefault('3000').meta({
    env: 'PORT',
    description: 'Port on which the API listens. `0` takes a free port.',
  }),
  maxConnections: positiveInteger().prefault('10000').meta({
    env: 'MAX_CONNECTIONS',
    description: 'Maximum number of open client connections. Further connections are closed.',
  }),
  startTimeoutSeconds: timeoutSeconds().prefault('60s').meta({
    env: 'START_TIMEOUT',
    description: 'How long the start waits for Postgres before it fails.',
  }),
  shutdownDelaySeconds: timeoutSeconds('0s')
    .optional()
    .meta({
      env: 'SHUTDOWN_DELAY',
      description:
        'How long requests are served after SIGTERM, while readiness fails, so that the load balancer removes the instance first.',
      examples: ['5s'],
      unset: '5s in production; 0s otherwise, and with `npm start`',
    }),
  shutdownTimeoutSeconds: timeoutSeconds().prefault('10s').meta({
    env: 'SHUTDOWN_TIMEOUT',
    description:
      'How long requests in flight may take after `SHUTDOWN_DELAY`; then the process ends without them. The supervisor that kills the process (`terminationGracePeriodSeconds` in Kubernetes) must wait longer than both together.',
    unset: '`npm start` sets 4s',
  }),
};
