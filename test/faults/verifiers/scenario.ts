import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../cluster';
import { Faults } from '../faults';
import type { Instance } from '../instance';
import { Load } from '../load/load';
import { Random } from '../load/random';
import { seed } from '../scenario';
import { BOUND_MS, Probe, type Checked, type MakeVerifier } from './probe';
import { violationsOf, type VerifierHistory, type VerifierViolation } from './rules';

export interface VerifierScenario {
  cluster: Cluster;
  faults: Faults;
  load: Load;
  probes: readonly Probe[];
  random: Random;
  /** Instances that are suspended: clients do not use them. */
  suspended: Set<Instance>;
}

export type VerifierScript = (scenario: VerifierScenario) => Promise<void>;

export interface VerifierScenarioOptions {
  verifiers?: number;
  make?: MakeVerifier;
  random?: Random;
}

export interface VerifierOutcome extends VerifierHistory {
  violations: VerifierViolation[];
  /** Checks that were accepted from memory. */
  kept: number;
}

/** Sessions end often, in every way. */
const WEIGHTS = {
  login: 25,
  refresh: 10,
  verify: 4,
  'read-profile': 3,
  'write-profile': 1,
  'list-sessions': 0,
  logout: 8,
  'delete-session': 4,
  'logout-all': 4,
  'change-password': 2,
  'revoke-by-admin': 2,
};
const ACCOUNTS = 8;
const CLIENTS = 3;
/** Between two checks of a verifier: the instances, and the wires in this process, need the processor too. */
const THINK_MS = 40;
/** Checks of a verifier at the same time. One that waits for an answer does not keep the others from being made. */
const MOST_OPEN = 4;
/** The share of checks of sessions that have ended. */
const RETIRED_SHARE = 0.4;
/** Ended sessions that are still checked: the last ones of all. */
const RECENTLY_RETIRED = 25;
/** A verifier keeps answers after two seconds; then sessions must end, and the bound pass. */
const BEFORE_MS = 3_000;
const AFTER_MS = BOUND_MS + 1_000;

/** Runs verifiers and the clients of an issuer while the script causes faults. */
export async function verifyUnderLoad(
  cluster: Cluster,
  script: VerifierScript,
  { verifiers = 3, make, random = new Random(seed()) }: VerifierScenarioOptions = {},
): Promise<VerifierOutcome> {
  const faults = new Faults(cluster);
  const suspended = new Set<Instance>();
  const targets = () =>
    cluster.instances.filter((instance) => instance.isRunning && !suspended.has(instance));
  const load = await Load.start(cluster, {
    random: random.fork(),
    accounts: ACCOUNTS,
    clients: CLIENTS,
    weights: WEIGHTS,
    targets,
  });
  const probes = await Promise.all(
    Array.from({ length: verifiers }, (_, index) =>
      Probe.start(cluster, `verifier ${index + 1}`, { first: index, ...(make && { make }) }),
    ),
  );
  const stopping = new AbortController();
  const checking = Promise.all(
    probes.map((probe) => keepChecking(probe, load, random.fork(), stopping.signal)),
  );
  try {
    await pause(BEFORE_MS);
    await script({ cluster, faults, load, probes, random, suspended });
    probes.forEach(({ wires }) => wires.forEach((wire) => wire.restore()));
    await faults.recovered();
    await pause(AFTER_MS);
  } finally {
    stopping.abort();
    await checking.finally(() => load.stop());
    await Promise.all(probes.map((probe) => probe.stop()));
  }
  const history = {
    requests: load.history.requests,
    checks: probes.flatMap(({ checks }) => checks),
    signals: probes.flatMap(({ signals }) => signals),
  };
  const kept = probes.reduce((sum, probe) => sum + probe.kept, 0);
  return { ...history, kept, violations: violationsOf(history, BOUND_MS) };
}

async function keepChecking(
  probe: Probe,
  load: Load,
  random: Random,
  stopping: AbortSignal,
): Promise<void> {
  const open = new Set<Promise<unknown>>();
  while (!stopping.aborted) {
    const checked = pickChecked(load, random);
    if (checked && open.size < MOST_OPEN) {
      const check = probe.check(checked).finally(() => open.delete(check));
      open.add(check);
    }
    await pause(random.below(THINK_MS));
  }
  await Promise.all(open);
}

/** The token of a session, also one that a refresh has replaced. */
function pickChecked({ devices }: Load, random: Random): Checked | undefined {
  const isRetired = random.chance(RETIRED_SHARE);
  const all = devices.filter(({ retired }) => retired === isRetired);
  const device = random.pick(isRetired ? all.slice(-RECENTLY_RETIRED) : all);
  return device && { token: random.pick(device.accessTokens)!, session: device.id };
}

const SHOWN_VIOLATIONS = 10;

/** Fails with the broken rules, in sentences, and the logs of the instances. */
export function expectVerifiersKeptPromises(outcome: VerifierOutcome, cluster: Cluster): void {
  const { violations, checks } = outcome;
  if (violations.length > 0) {
    const shown = violations
      .slice(0, SHOWN_VIOLATIONS)
      .map(({ rule, sentence }) => `${rule}: ${sentence}`);
    const logs = cluster.instances.map(({ name, logTail }) => `log of ${name}:\n${logTail}`);
    const count = `${violations.length} violations in ${checks.length} checks`;
    throw new Error([count, ...shown, ...logs].join('\n'));
  }
  expectWorthChecking(outcome);
}

/** A history without answers from memory, or without checks after an end, proves nothing. */
function expectWorthChecking({ kept, checks, requests }: VerifierOutcome): void {
  expect(kept).toBeGreaterThan(20);
  expect(checks.filter(({ status }) => status === 401).length).toBeGreaterThan(20);
  const ends = requests.filter(({ op, status }) => op === 'logout' && status === 204);
  expect(ends.length).toBeGreaterThan(0);
}

export function summaryOf({ checks, kept, requests, signals }: VerifierOutcome): string {
  const count = (status: number) => checks.filter((check) => check.status === status).length;
  return (
    `${checks.length} checks (${kept} accepted from memory, ${count(200) - kept} by a call, ` +
    `${count(401)} refused, ${count(503)} unsure), ${signals.length} signals, ${requests.length} requests`
  );
}
