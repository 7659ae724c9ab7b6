// @ts-check
import { Failure } from '../local/failure.mjs';

const UNRELEASED = '## [Unreleased]\n';
/** The links at the end, such as `[1.2.3]: https://…`. */
const LINK = /^\[[^\]]+\]: \S+$/;

/**
 * @param {string} changelog
 * @param {string} version or `Unreleased`
 * @returns {string} the text below its heading
 * @throws {Failure} without such a section, and if no change is listed in it
 */
export function changesIn(changelog, version) {
  const start = changelog.split('\n').findIndex((line) => line.startsWith(`## [${version}]`));
  if (start === -1) {
    throw new Failure(`CHANGELOG.md has no section [${version}].`);
  }
  const below = changelog.split('\n').slice(start + 1);
  const end = below.findIndex((line) => line.startsWith('## ') || LINK.test(line));
  const section = below
    .slice(0, end === -1 ? undefined : end)
    .join('\n')
    .trim();
  if (!/^[-*] /m.test(section)) {
    throw new Failure(`The section [${version}] of CHANGELOG.md lists no change.`);
  }
  return section;
}

/**
 * Dates the section [Unreleased], puts an empty one above it, and renews the links that compare versions.
 * @param {string} changelog
 * @param {{ version: string, previous: string | undefined, date: string, repository: string | undefined }} release
 *   `previous`: the version that was released before; `date`: `2026-12-31`; `repository`: its address, for the links
 * @returns {string}
 */
export function withRelease(changelog, { version, previous, date, repository }) {
  changesIn(changelog, 'Unreleased');
  const dated = changelog.replace(UNRELEASED, `${UNRELEASED}\n## [${version}] - ${date}\n`);
  if (repository === undefined) {
    return dated;
  }
  const since =
    previous === undefined
      ? `${repository}/releases/tag/v${version}`
      : `${repository}/compare/v${previous}...v${version}`;
  const lines = dated.trimEnd().split('\n');
  const texts = lines.filter((line) => !LINK.test(line));
  const links = lines.filter((line) => LINK.test(line) && !line.startsWith('[Unreleased]:'));
  return [
    texts.join('\n').trimEnd(),
    '',
    `[Unreleased]: ${repository}/compare/v${version}...HEAD`,
    `[${version}]: ${since}`,
    ...links,
    '',
  ].join('\n');
}
