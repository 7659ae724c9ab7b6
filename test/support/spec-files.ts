import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { hasTurn } from './turns';

/** Folders with a suite of their own; `test/suites/rest.suite.ts` has the specs of all others. */
const SUITE_FOLDERS = [
  'test/abuse',
  'test/asvs',
  'test/cli',
  'test/deploy',
  'test/e2e',
  'test/faults',
  'test/integration',
  'test/packages',
  'test/start',
] as const;

const ROOT_FOLDERS = ['apps', 'libs', 'packages', 'test', 'tools'];

/**
 * Defines the tests of all spec files in these folders, one `describe` per file. Jest loads every module anew for
 * each file that it runs, which takes 2 s for the API: the files of a suite share what they load.
 */
export function describeSpecs(...folders: (typeof SUITE_FOLDERS)[number][]): void {
  describeFiles(specFilesIn(folders));
}

/** As `describeSpecs`, for every nth file of a folder that is too large for one suite. @param part 0 to `parts` - 1 */
export function describePart(
  part: number,
  parts: number,
  folder: (typeof SUITE_FOLDERS)[number],
): void {
  describeFiles(specFilesIn([folder]).filter((_, index) => index % parts === part));
}

/** As `describeSpecs`, for the spec files that no folder with a suite of its own holds. */
export function describeOtherSpecs(): void {
  const inSuites = new Set(specFilesIn(SUITE_FOLDERS));
  describeFiles(specFiles().filter((file) => !inSuites.has(file)));
}

function describeFiles(files: string[]): void {
  for (const file of files) {
    describe(file, () => {
      if (hasTurn(file)) {
        jest.requireActual(join(ROOT, file));
      } else {
        it.skip('has its turn in another run, or with LATCHKEY_LONG_TESTS=1', () => undefined);
      }
    });
  }
}

function specFilesIn(folders: readonly string[]): string[] {
  return specFiles().filter((file) => folders.some((folder) => isIn(folder, file)));
}

/** Paths from the root of the checkout, with slashes. */
export function specFiles(): string[] {
  return ROOT_FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.spec.ts'))
      .map((name) => `${folder}/${name.replaceAll(sep, '/')}`),
  ).sort();
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(`${folder}/`);
}
