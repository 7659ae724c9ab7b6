// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './local/paths.mjs';

/**
 * Prints the bill of materials of production, CycloneDX, from the lock file alone. npm's `--omit dev` also omits
 * packages that a development package needs, and so most of Nest; therefore npm lists everything, and the lock file
 * says what is shipped.
 */
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const shipped = new Set(
  [...shippedPaths()].map(
    (path) => `${path.split('node_modules/').at(-1)}@${packages[path].version}`,
  ),
);
const root = `${manifest.name}@${manifest.version}`;

const format = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
const bom = JSON.parse(
  execFileSync('npm', ['sbom', ...format, '--package-lock-only', '--offline'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  }),
);
// npm uses the folder's name.
bom.metadata.component.name = manifest.name;
bom.components = bom.components.filter((/** @type {{ 'bom-ref': string }} */ component) =>
  shipped.has(component['bom-ref']),
);
for (const component of bom.components) {
  component.properties = component.properties.filter(
    (/** @type {{ name: string }} */ { name }) => name !== 'cdx:npm:package:development',
  );
}
bom.dependencies = bom.dependencies
  .filter((/** @type {{ ref: string }} */ { ref }) => ref === root || shipped.has(ref))
  .map((/** @type {{ ref: string, dependsOn: string[] }} */ { ref, dependsOn }) => ({
    ref,
    dependsOn: dependsOn.filter((one) => shipped.has(one)),
  }));
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);

/** The lock file does not flag what only the packages of this checkout need, which are not a part of the service. */
function shippedPaths() {
  const found = new Set();
  const waiting = [''];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const { dependencies, optionalDependencies, peerDependencies } = packages[path];
    for (const name of Object.keys({
      ...dependencies,
      ...optionalDependencies,
      ...peerDependencies,
    })) {
      const needed = placeOf(name, path);
      if (needed !== undefined && !packages[needed].dev && !found.has(needed)) {
        found.add(needed);
        waiting.push(needed);
      }
    }
  }
  return found;
}

/**
 * Where Node finds a package from inside another one.
 * @param {string} name
 * @param {string} from
 * @returns {string | undefined}
 */
function placeOf(name, from) {
  const place = `${from}${from === '' ? '' : '/'}node_modules/${name}`;
  if (place in packages || from === '') {
    return place in packages ? place : undefined;
  }
  const above = from.lastIndexOf('/node_modules/');
  return placeOf(name, above < 0 ? '' : from.slice(0, above));
}
