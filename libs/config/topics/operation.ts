import { z } from 'zod';
import {
  addressSet,
  httpUrl,
  listenPort,
  onOff,
  originList,
  ratio,
  retentionSeconds,
  schedule,
} from '../setting-types';

/** The standard names of the OpenTelemetry SDK. */
const TRACE_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Cron expressions in UTC. */
export const DEFAULT_SCHEDULES = { cleanUp: '0 * * * *', redisCheck: '*/5 * * * *' } as const;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export const JOBS_AND_AUDIT_EVENTS = {
  jobsEnabled: onOff().prefault('true').meta({
    env: 'JOBS_ENABLED',
    description:
      'Whether this process runs scheduled jobs: `true` or `false`. One process at a time runs a job.',
  }),
  canary: onOff().prefault('on').meta({
    env: 'CANARY',
    description:
      'Whether this process opens a session of a reserved subject once a minute, ends it, and measures how long it is accepted: `on` or `off`. See the metric `latchkey_revocation_reach_seconds`.',
  }),
  canaryPeers: originList()
    .default([])
    .meta({
      env: 'CANARY_PEERS',
      description:
        'Origins of all instances, at which the canary tries its session. An http host name with several addresses, such as that of a headless Service of Kubernetes, stands for all of them.',
      examples: ['http://latchkey-headless:3000'],
      unset: 'this process alone',
    }),
  cleanUpCron: schedule().prefault(DEFAULT_SCHEDULES.cleanUp).meta({
    env: 'CLEAN_UP_CRON',
    description:
      'Schedule of the clean-up: a cron expression in UTC, or `off`. `latchkey clean-up` runs the job on demand.',
  }),
  redisCheckCron: schedule().prefault(DEFAULT_SCHEDULES.redisCheck).meta({
    env: 'REDIS_CHECK_CRON',
    description:
      'Schedule of the Redis check: a cron expression in UTC, or `off`. `latchkey redis-check` runs the job on demand.',
  }),
  auditRetentionSeconds: retentionSeconds().prefault('90d').meta({
    env: 'AUDIT_RETENTION',
    description:
      'How long audit events are kept, from 1d to 3660d. The clean-up deletes older ones.',
  }),
};

export const LOGS_METRICS_AND_TRACES = {
  logLevel: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .prefault('info')
    .meta({
      env: 'LOG_LEVEL',
      description: `Least severe level that is logged: ${LOG_LEVELS.join(', ')}.`,
    }),
  logFormat: z
    .enum(['json', 'pretty'], 'must be json or pretty')
    .optional()
    .meta({
      env: 'LOG_FORMAT',
      description:
        '`json`: one object per line. `pretty`: for people, where the package pino-pretty is installed.',
      examples: ['json'],
      unset: 'json in production, pretty otherwise',
    }),
  metricsPort: listenPort()
    .optional()
    .meta({
      env: 'METRICS_PORT',
      description:
        'Port on `HOST` of a separate listener for `GET /metrics`. Not the same as `PORT`.',
      examples: ['9464'],
      unset: 'metrics are served on the port of the API',
    }),
  metricsAllow: addressSet()
    .optional()
    .meta({
      env: 'METRICS_ALLOW',
      description: 'IP addresses and networks that may read metrics.',
      examples: ['127.0.0.1,10.0.0.0/8'],
      unset: 'every client that reaches the port; in production none, unless `METRICS_PORT` is set',
    }),
  otlpEndpoint: httpUrl()
    .optional()
    .meta({
      env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      description:
        'Address of an OpenTelemetry collector that accepts OTLP over HTTP. docs/traces.md describes what is recorded.',
      examples: ['http://localhost:4318'],
      unset: 'nothing is traced',
    }),
  traceServiceName: z.string().prefault('latchkey').meta({
    env: 'OTEL_SERVICE_NAME',
    description: 'Service name in the traces.',
  }),
  traceSampler: z
    .enum(TRACE_SAMPLERS, `must be one of ${TRACE_SAMPLERS.join(', ')}`)
    .prefault('parentbased_always_on')
    .meta({
      env: 'OTEL_TRACES_SAMPLER',
      description: `Which requests are traced: ${TRACE_SAMPLERS.join(', ')}.`,
    }),
  traceSamplerRatio: ratio().prefault('1').meta({
    env: 'OTEL_TRACES_SAMPLER_ARG',
    description:
      'Share of requests, from 0 to 1, that traceidratio and parentbased_traceidratio trace.',
  }),
};
