import { isTurnOfFile } from './long-tests';

/**
 * Spec files that cost much, of which `npm test` tries every sixth, chosen by its seed, and `.ci/run` each. Files that are
 * alike stand one after another, so that each run has some of each kind. What a guarantee rests on is not among them.
 */
const TAKE_TURNS = [
  // Other servers, other settings.
  'test/e2e/redis-sentinel.spec.ts',
  'test/e2e/redis-servers.spec.ts',
  'test/e2e/redis-tls.spec.ts',
  'test/faults/redis-sentinel.spec.ts',
  'test/faults/redis-cluster.spec.ts',
  'test/faults/shard-failover.spec.ts',
  'test/faults/rolling-restart.spec.ts',
  'test/faults/rolling-update.spec.ts',
  'test/faults/pods-and-stores.spec.ts',
  'test/faults/no-fault.spec.ts',
  'test/faults/near-cache.spec.ts',
  'test/faults/jobs.spec.ts',
  'test/faults/postgres-crash.spec.ts',
  'test/faults/postgres-hangs.spec.ts',
  'test/faults/redis-append-only-file.spec.ts',
  'test/faults/verifiers/planted-bugs.spec.ts',
  'test/faults/verifiers/verifiers.spec.ts',
  'test/integration/database/connection-limit.spec.ts',
  'test/integration/database/defaults.spec.ts',
  'test/integration/database/roles.spec.ts',
  'test/integration/database/failover.spec.ts',
  'test/integration/database/small-pool.spec.ts',
  // Operation.
  'test/e2e/health-load.spec.ts',
  'test/e2e/metrics-listener.spec.ts',
  'test/e2e/open-api-tools.spec.ts',
  'test/e2e/start-up.spec.ts',
  'test/e2e/probes.spec.ts',
  'test/e2e/public-path.spec.ts',
  'test/e2e/traces.spec.ts',
  'test/deploy/dashboard.spec.ts',
  'test/deploy/image.spec.ts',
  'test/deploy/release.spec.ts',
  'test/deploy/supply-chain.spec.ts',
  'test/lint/boundaries.spec.ts',
  'test/start/example-services.spec.ts',
  'test/start/first-stage.spec.ts',
  'test/start/postgres.spec.ts',
  'test/start/settings.spec.ts',
  // Packages elsewhere.
  'test/packages/client/packed.spec.ts',
  'test/packages/client/spa.spec.ts',
  'test/packages/modules/packed.spec.ts',
  'test/packages/verifier/package.spec.ts',
  // Attacks that cost much.
  'test/abuse/cookies/browser.spec.ts',
  'test/abuse/many-sessions.spec.ts',
  'test/abuse/password-queue.spec.ts',
  'test/abuse/pipelining.spec.ts',
  'test/abuse/refresh.spec.ts',
  'test/abuse/text-cost.spec.ts',
  'test/fuzz/answers.spec.ts',
  'test/asvs/brute-force.spec.ts',
  'test/asvs/password-import.spec.ts',
  'test/asvs/passwords.spec.ts',
];
const GROUPS = 6;

/** Whether the whole run tries this spec file. `npm test -- FILE` always tries it. */
export function hasTurn(file: string): boolean {
  const index = TAKE_TURNS.indexOf(file);
  return index === -1 || isTurnOfFile(index % GROUPS, GROUPS);
}

/** Those that do not exist. */
export function unknownTurns(files: readonly string[]): string[] {
  return TAKE_TURNS.filter((file) => !files.includes(file));
}
