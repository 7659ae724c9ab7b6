import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/**
 * Words that the glossary has replaced by the field's own terms, with the term. They stay out of code, tests and
 * documentation; CHANGELOG.md and migrations tell of the past.
 */
const RETIRED: readonly [RegExp, string][] = [
  [/\bera\b|\beras\b|[a-z]Era\b|\w_era\b/, 'epoch'],
  [/\bbeliev\w*/i, 'in sync, stale'],
  [/RedisTrust|\bdistrust\w*/i, 'sync lease'],
  [/latchkey:position|PositionStore/, 'checkpoint'],
  [/RedisUpdates|\.settle\(\)|untilSettled/, 'write-through, waitUntilConsistent'],
  [/look(s|ed)? into the (outbox|record)/i, 'poll of the outbox'],
  [/SessionRecordStore|SessionRevocationStore|RefreshTokenStore/, 'repository'],
  [/\bbury\b|\bburied\b/i, 'add tombstone'],
  [/\bcompanion(s|Key)?\b/i, 'cached profile'],
  [/showStanding|\bholdRefusal\b|RefusalDelay/, 'rate-limit state, delayRejection'],
  [/SecurityEvents?\b|\bsecurity events?\b/i, 'audit event'],
  [/announceEnd|lettingGo/, 'drain'],
  [/StatisticsRecount|recount_/, 'buckets of the statistics'],
  [/RevocationBacklog|unrecordedNote/i, 'a 2xx is durable'],
];

const EXCEPT = [
  /^CHANGELOG\.md$/,
  /^libs\/database\/migrations\//,
  /^test\/lint\/words\.spec\.ts$/,
];
const READ = /\.(ts|mjs|lua|md|yml|json|sh|example)$/;

describe('retired words', () => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => READ.test(path) && !path.endsWith('package-lock.json'))
    .filter((path) => !EXCEPT.some((pattern) => pattern.test(path)))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

  it('are looked for in the whole repository', () => {
    expect(files.length).toBeGreaterThan(500);
  });

  it.each(RETIRED)('%s: say "%s"', (pattern) => {
    const found = files
      .filter(({ text }) => pattern.test(text))
      .flatMap(({ path, text }) =>
        text
          .split('\n')
          .map((line, index) => ({ where: `${path}:${index + 1}`, line: line.trim() }))
          .filter(({ line }) => pattern.test(line)),
      );
    expect(found).toEqual([]);
  });
});
