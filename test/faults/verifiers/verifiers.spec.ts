import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lasting } from '../../support/long-tests';
import { newSigningKey } from '../../support/signing-keys';
import { Cluster } from '../cluster';
import { VERIFIER_ENV } from './probe';
import { expectVerifiersToSurvive } from './random-faults';

const ALGORITHMS = [
  ['ES256', 3, lasting(10_000, 300_000)],
  ['HS256', 1, lasting(4_000, 120_000)],
] as const;

describe.each(ALGORITHMS)(
  'verifiers of three instances with %s',
  (algorithm, verifiers, durationMs) => {
    let cluster: Cluster;

    beforeAll(async () => {
      const env: Record<string, string> = { ...VERIFIER_ENV, NEAR_CACHE: 'on' };
      if (algorithm === 'ES256') {
        env.JWT_KEYS_DIR = mkdtempSync(join(tmpdir(), 'keys-'));
        await newSigningKey(env.JWT_KEYS_DIR);
      }
      cluster = await Cluster.start({ ownPostgres: true, names: ['a', 'b', 'c'], env });
    }, 120_000);
    afterAll(async () => cluster.stop());

    it(
      'accept no session later than the bound, and refuse no living one, through random faults',
      () => expectVerifiersToSurvive(cluster, durationMs, { verifiers }),
      durationMs + 240_000,
    );
  },
);
