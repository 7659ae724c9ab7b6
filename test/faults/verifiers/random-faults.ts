import { until } from '../../support/until';
import type { Cluster } from '../cluster';
import { Random } from '../load/random';
import { seed } from '../scenario';
import {
  expectVerifiersKeptPromises,
  summaryOf,
  verifyUnderLoad,
  type VerifierScenario,
  type VerifierScenarioOptions,
} from './scenario';
import { ISSUER_FAULTS, WIRE_FAULTS } from './scripts';

/** The share of faults that happen while another one lasts. */
const BOTH_SHARE = 0.3;
/** A history with fewer answers from memory would prove nothing. */
const FEWEST_KEPT = 30;

/** Random faults for a time, also two at the same time; verifiers keep their promises. */
export async function expectVerifiersToSurvive(
  cluster: Cluster,
  durationMs: number,
  options: VerifierScenarioOptions = {},
): Promise<void> {
  const random = new Random(seed());
  const happened: string[] = [];
  const repeat = `LATCHKEY_FAULT_SEED=${random.seed} repeats the choices`;
  process.stdout.write(`${repeat}\n`);
  const run = async (scenario: VerifierScenario) => {
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) {
      const kinds = random.chance(BOTH_SHARE)
        ? [WIRE_FAULTS, ISSUER_FAULTS]
        : [random.chance(0.5) ? WIRE_FAULTS : ISSUER_FAULTS];
      const names = kinds.map((kind) => random.pick(Object.keys(kind))!);
      happened.push(names.join(' + '));
      await Promise.all(kinds.map((kind, index) => kind[names[index]!]!(random)(scenario)));
      await scenario.faults.recovered();
    }
    // Faults of a short run may have left no time for that.
    scenario.probes.forEach(({ wires }) => wires.forEach((wire) => wire.restore()));
    await until('answers are accepted from memory', () =>
      scenario.probes.some(({ kept }) => kept > FEWEST_KEPT),
    );
  };
  try {
    const outcome = await verifyUnderLoad(cluster, run, { ...options, random });
    process.stdout.write(`${happened.join(', ')}: ${summaryOf(outcome)}\n`);
    expectVerifiersKeptPromises(outcome, cluster);
  } catch (error) {
    throw new Error(`after ${happened.join(', ')} (${repeat})`, { cause: error });
  }
}
