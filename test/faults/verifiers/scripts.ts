import { setTimeout as pause } from 'node:timers/promises';
import type { Instance } from '../instance';
import type { Random } from '../load/random';
import { BOUND_MS, type Probe } from './probe';
import type { VerifierScenario, VerifierScript } from './scenario';

/** So long that a verifier that trusts a silent stream is late. */
export const LONG_MS = BOUND_MS + 1_800;
/** So short that a verifier does not lose its trust. */
export const SHORT_MS = 700;

type MakeScript = (random: Random) => VerifierScript;

const anyDuration = (random: Random) => random.pick([100, SHORT_MS, LONG_MS])!;
const anyInstance = ({ cluster }: VerifierScenario, random: Random) =>
  random.pick(cluster.instances)!;
const anyProbes = ({ probes }: VerifierScenario, random: Random) =>
  random.chance(0.5) ? probes : [random.pick(probes)!];

// Faults of the wires of verifiers.

/** @param which wire breaks. @param how it breaks; each but `end` lasts. */
export const breakWires =
  (
    which: 'stream' | 'calls' | 'wires',
    how: 'cut' | 'hang' | 'lose' | 'endConnections',
    durationMs: number,
    chosen?: (scenario: VerifierScenario) => readonly Probe[],
  ): VerifierScript =>
  async (scenario) => {
    const probes = chosen?.(scenario) ?? scenario.probes;
    const wires = probes.flatMap((probe) => probe[which]);
    wires.forEach((wire) => wire[how]());
    await pause(durationMs);
    wires.forEach((wire) => wire.restore());
  };

/** The stream is lost again and again, each time while sessions end. */
export const cutStreamsRepeatedly: VerifierScript = async (scenario) => {
  for (let times = 0; times < 6; times++) {
    await breakWires('stream', 'cut', SHORT_MS)(scenario);
    await pause(SHORT_MS);
  }
};

const someWires =
  (how: Parameters<typeof breakWires>[1]): MakeScript =>
  (random) => {
    const which = random.pick(['stream', 'stream', 'calls', 'wires'] as const)!;
    return breakWires(which, how, anyDuration(random), (scenario) => anyProbes(scenario, random));
  };

/** Of the verifiers. */
export const WIRE_FAULTS: Record<string, MakeScript> = {
  cutWires: someWires('cut'),
  hangWires: someWires('hang'),
  loseWires: someWires('lose'),
  endConnections: someWires('endConnections'),
  restartVerifier: (random) => async (scenario) => {
    anyProbes(scenario, random).forEach((probe) => probe.restart());
    await pause(LONG_MS);
  },
};

// Faults of instances and stores.

/** @param names of instances whose Postgres is away, so that they cannot read the outbox. */
export const cutOffPostgres =
  (how: 'cut' | 'hang', names: readonly string[], durationMs: number): VerifierScript =>
  async ({ faults, cluster }) => {
    faults[`${how}Postgres`]([...names]);
    await pause(durationMs);
    cluster.postgresWires().forEach((wire) => wire.restore());
  };

async function suspend({ faults, suspended }: VerifierScenario, instance: Instance): Promise<void> {
  suspended.add(instance);
  faults.suspendInstance(instance);
  await pause(LONG_MS);
  faults.resumeInstance(instance);
  suspended.delete(instance);
}

/** Of the issuer. */
export const ISSUER_FAULTS: Record<string, MakeScript> = {
  killInstance: (random) => async (scenario) => {
    const instance = anyInstance(scenario, random);
    await scenario.faults.killInstance(instance);
    await pause(SHORT_MS);
    await scenario.faults.startInstance(instance);
  },
  terminateInstance: (random) => async (scenario) => {
    const instance = anyInstance(scenario, random);
    await scenario.faults.terminateInstance(instance);
    await scenario.faults.startInstance(instance);
  },
  suspendInstance: (random) => (scenario) => suspend(scenario, anyInstance(scenario, random)),
  suspendRedis:
    () =>
    async ({ faults }) => {
      faults.suspendRedis();
      await pause(LONG_MS);
      faults.resumeRedis();
    },
  killRedis:
    () =>
    async ({ faults }) => {
      await faults.killRedis();
      await pause(LONG_MS);
      await faults.restartRedisEmpty();
    },
  flushRedis:
    () =>
    async ({ faults }) => {
      await faults.flushAll();
      await pause(SHORT_MS);
    },
  cutRedis: (random) => async (scenario) => {
    scenario.faults.cutRedis([anyInstance(scenario, random).name]);
    await pause(LONG_MS);
    scenario.faults.restoreRedis();
  },
  suspendPostgres:
    () =>
    async ({ faults }) => {
      faults.suspendPostgres();
      await pause(LONG_MS);
      faults.resumePostgres();
    },
  crashPostgres:
    () =>
    async ({ faults }) => {
      await faults.crashPostgres();
      await pause(SHORT_MS);
      await faults.startPostgres();
    },
  cutPostgres: (random) => (scenario) =>
    cutOffPostgres('cut', [anyInstance(scenario, random).name], LONG_MS)(scenario),
  hangPostgres: (random) => (scenario) =>
    cutOffPostgres('hang', [anyInstance(scenario, random).name], LONG_MS)(scenario),
};
