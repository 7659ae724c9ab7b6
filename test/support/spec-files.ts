import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';

/** Folders with a suite of their own; `test/suites/rest.suite.ts` has the specs of all others. */
const SUITE_FOLDERS = [
  'test/abuse',
  'test/asvs',
  'test/cli',
  'test/deploy',
  'test/e2e',
  'test/faults',
  'test/integration',
  'test/start',
] as const;

const ROOT_FOLDERS = ['apps', 'libs', 'test', 'tools'];

/**
 * Defines the tests of all spec files in these folders, one `describe` per file. Jest loads every module anew for
 * each file that it runs, which takes 2 s for the API: the files of a suite share what they load.
 */
export function describeSpecs(...folders: (typeof SUITE_FOLDERS)[number][]): void {
  describeFiles(specFiles().filter((file) => folders.some((folder) => isIn(folder, file))));
}

/** As `describeSpecs`, for the spec files that no folder with a suite of its own holds. */
export function describeOtherSpecs(): void {
  describeFiles(specFiles().filter((file) => !SUITE_FOLDERS.some((folder) => isIn(folder, file))));
}

function describeFiles(files: string[]): void {
  for (const file of files) {
    describe(file, () => {
      jest.requireActual(join(ROOT, file));
    });
  }
}

/** Paths from the root of the checkout, with slashes. */
function specFiles(): string[] {
  return ROOT_FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.spec.ts'))
      .map((name) => `${folder}/${name.replaceAll(sep, '/')}`),
  ).sort();
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(`${folder}/`);
}
