import { isTurnOfFile } from './long-tests';

/**
 * Spec files that cost much: `npm test` tries one of these groups, chosen by its seed, and `.ci/run` each. The groups take
 * about the same time of the processor, one minute. What a guarantee rests on is tried in every run, by other files.
 */
const TURNS: readonly (readonly string[])[] = [
  [
    'test/deploy/supply-chain.spec.ts',
    'test/faults/redis-cluster.spec.ts',
    'test/packages/client/api-types.spec.ts',
    'test/start/settings.spec.ts',
  ],
  [
    'test/deploy/dashboard.spec.ts',
    'test/deploy/image.spec.ts',
    'test/e2e/log-format.spec.ts',
    'test/faults/no-fault.spec.ts',
    'test/integration/database/roles.spec.ts',
  ],
  [
    'test/e2e/metrics.spec.ts',
    'test/e2e/probes.spec.ts',
    'test/lint/cycles.spec.ts',
    'test/packages/modules/packed.spec.ts',
    'test/support/until.spec.ts',
  ],
  [
    'test/abuse/refresh.spec.ts',
    'test/deploy/kubernetes.spec.ts',
    'test/faults/verifiers/planted-bugs.spec.ts',
    'test/integration/database/connection-limit.spec.ts',
    'test/integration/database/tls.spec.ts',
  ],
  [
    'test/abuse/cookies/browser.spec.ts',
    'test/abuse/many-sessions.spec.ts',
    'test/faults/jobs.spec.ts',
    'test/faults/redis-sentinel.spec.ts',
    'test/start/loaded-packages.spec.ts',
  ],
  [
    'test/abuse/text-cost.spec.ts',
    'test/asvs/password-import.spec.ts',
    'test/asvs/passwords.spec.ts',
    'test/faults/postgres-crash.spec.ts',
    'test/faults/verifiers/verifiers.spec.ts',
  ],
  [
    'test/cli/failures.spec.ts',
    'test/e2e/public-path.spec.ts',
    'test/faults/rolling-update.spec.ts',
    'test/faults/shard-failover.spec.ts',
    'test/integration/database/addresses.spec.ts',
    'test/start/postgres.spec.ts',
  ],
  [
    'test/abuse/password-queue.spec.ts',
    'test/asvs/brute-force.spec.ts',
    'test/e2e/health-load.spec.ts',
    'test/faults/postgres-hangs.spec.ts',
    'test/integration/database/small-pool.spec.ts',
    'test/lint/boundaries.spec.ts',
    'test/start/example-services.spec.ts',
  ],
  [
    'test/e2e/health-report.spec.ts',
    'test/e2e/redis-sentinel.spec.ts',
    'test/faults/near-cache.spec.ts',
    'test/integration/database/failover.spec.ts',
    'test/packages/client/spa.spec.ts',
    'test/start/first-stage.spec.ts',
  ],
  [
    'test/abuse/pipelining.spec.ts',
    'test/deploy/helm-values.spec.ts',
    'test/e2e/metrics-listener.spec.ts',
    'test/e2e/open-api-tools.spec.ts',
    'test/e2e/redis-tls.spec.ts',
    'test/faults/redis-append-only-file.spec.ts',
    'test/packages/client/packed.spec.ts',
  ],
  [
    'test/abuse/input-cost.spec.ts',
    'test/deploy/release.spec.ts',
    'test/e2e/traces.spec.ts',
    'test/faults/pods-and-stores.spec.ts',
    'test/integration/database/defaults.spec.ts',
    'test/packages/verifier/package.spec.ts',
  ],
  [
    'test/cli/usage.spec.ts',
    'test/deploy/helm-chart.spec.ts',
    'test/e2e/redis-servers.spec.ts',
    'test/e2e/start-up.spec.ts',
    'test/faults/rolling-restart.spec.ts',
    'test/fuzz/answers.spec.ts',
    'test/start/lock.spec.ts',
  ],
];

/** Whether the whole run tries this spec file. `npm test -- FILE` always tries it. */
export function hasTurn(file: string): boolean {
  const group = TURNS.findIndex((files) => files.includes(file));
  return group === -1 || isTurnOfFile(group, TURNS.length);
}

/** Those that do not exist. */
export function unknownTurns(files: readonly string[]): string[] {
  return TURNS.flat().filter((file) => !files.includes(file));
}
