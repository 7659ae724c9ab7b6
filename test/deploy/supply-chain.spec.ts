import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const REGISTRY = 'https://registry.npmjs.org/';

interface LockedPackage {
  version: string;
  resolved?: string;
  integrity?: string;
  license?: string;
  dev?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  overrides: Record<string, unknown>;
  allowScripts: Record<string, boolean>;
}

interface Bom {
  bomFormat: string;
  metadata: { component: { name: string; 'bom-ref': string } };
  components: { name: string; version: string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const documentation = read('docs/supply-chain.md');
const manifest = JSON.parse(read('package.json')) as Manifest;
const { '': root, ...locked } = (
  JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }
).packages;
const packages = Object.entries(locked).map(([path, found]) => ({ name: nameOf(path), ...found }));

/** Packages that are too old to say their licence where npm reads it. Of these versions it was read. */
const READ_BY_US = new Map([
  ['passport-strategy@1.0.0', 'MIT'],
  ['pause@0.0.1', 'MIT'],
]);

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Whether Node would find a package from inside another one. */
function isLocked(name: string, from: string): boolean {
  const place = `${from}${from === '' ? '' : '/'}node_modules/${name}`;
  const above = from.lastIndexOf('/node_modules/');
  return place in locked || (from !== '' && isLocked(name, above < 0 ? '' : from.slice(0, above)));
}

/** `name | …` of the table rows whose first cell is code. */
function rowsOf(heading: string): string[] {
  const section = documentation.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, first = '']) => first);
}

function licenceOf({
  name,
  version,
  license,
}: {
  name: string;
  version: string;
  license?: string;
}) {
  return license ?? READ_BY_US.get(`${name}@${version}`) ?? 'unknown';
}

describe('the supply chain', () => {
  it('has exact versions, and the lock file has the same', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual(
      [],
    );
    expect(root?.dependencies).toEqual(manifest.dependencies);
    expect(root?.devDependencies).toEqual(manifest.devDependencies);
  });

  it('comes from one registry, with a hash for each package', () => {
    const strangers = packages.filter(
      ({ resolved = REGISTRY, integrity }) =>
        !resolved.startsWith(REGISTRY) || !integrity?.startsWith('sha512-'),
    );
    expect(strangers.map(({ name }) => name)).toEqual([]);
  });

  it('has every package that another one asks for, of every platform: npm ci refuses a lock with gaps', () => {
    const missing = Object.entries(locked).flatMap(
      ([path, { dependencies, optionalDependencies }]) =>
        Object.keys({ ...dependencies, ...optionalDependencies })
          .filter((name) => !isLocked(name, path))
          .map((name) => `${path} asks for ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('allows or refuses exactly those install scripts that there are', () => {
    const withScript = new Set(
      packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name),
    );
    expect(Object.keys(manifest.allowScripts).sort()).toEqual([...withScript].sort());
  });

  it('runs no install script of what production needs', () => {
    const allowed = packages.filter(({ name, dev }) => manifest.allowScripts[name] && !dev);
    expect(allowed.map(({ name }) => name)).toEqual([]);
  });

  it('documents each install script, and whether it runs', () => {
    const documented = rowsOf('How packages come in').map(
      (name) => new RegExp(`^${name.replace('*', '.*')}$`),
    );
    const names = Object.keys(manifest.allowScripts);
    expect(names.filter((name) => !documented.some((row) => row.test(name)))).toEqual([]);
    expect(documented.filter((row) => !names.some((name) => row.test(name)))).toEqual([]);
  });

  it('ships only what is under a documented licence', () => {
    const allowed = rowsOf('Licences');
    const refused = packages
      .filter(({ dev }) => !dev)
      .filter((found) =>
        licenceOf(found)
          .split(' AND ')
          .some((one) => !allowed.includes(one)),
      );
    expect(refused.map((found) => `${found.name}: ${licenceOf(found)}`)).toEqual([]);
  });

  it('documents no licence that nothing has', () => {
    const used = new Set(packages.flatMap((found) => licenceOf(found).split(' AND ')));
    expect(rowsOf('Licences').filter((licence) => !used.has(licence))).toEqual([]);
  });

  it('gives a bill of materials of all that production needs, and nothing else, without a network', () => {
    const text = execFileSync('npm', ['run', '--silent', 'sbom'], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    });
    const bom = JSON.parse(text) as Bom;
    expect(bom).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'latchkey' } },
    });
    const shipped = packages
      .filter(({ dev }) => !dev)
      .map(({ name, version }) => `${name}@${version}`);
    const listed = bom.components.map(({ name, version }) => `${name}@${version}`);
    expect(listed.sort()).toEqual([...new Set(shipped)].sort());
    const references = new Set([...listed, bom.metadata.component['bom-ref']]);
    for (const { ref, dependsOn } of bom.dependencies) {
      expect([ref, ...dependsOn].filter((one) => !references.has(one))).toEqual([]);
    }
  });

  it('names every override, and how weaknesses are reported and answered', () => {
    for (const name of Object.keys(manifest.overrides)) {
      expect(documentation).toContain(`\`${name}\``);
    }
    expect(documentation).toMatch(/\| critical.*\| 2 days/);
    expect(read('SECURITY.md')).toContain('Reporting a vulnerability');
  });
});
