import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { installPackages } from '../../tools/local/dependencies.mjs';
import { createOutput } from '../../tools/local/output.mjs';

const ROOT = join(__dirname, '../..');
const REGISTRY = 'https://registry.npmjs.org/';

interface LockedPackage {
  name?: string;
  version: string;
  resolved?: string;
  integrity?: string;
  license?: string;
  dev?: boolean;
  /** To a package of this repository. */
  link?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  overrides: Record<string, unknown>;
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
const { '': root, ...locked } = lockedIn('package-lock.json');
/** Of packages/ alone: other services install them, this one does not. */
const ONLY_OF_OWN_PACKAGES = ['jose', 'eventsource-parser'];

const packages = packagesIn('package-lock.json');

/** Files that describe how packages are installed, for a machine or for a reader. */
const INSTALLING = [
  'Dockerfile',
  '.ci/run',
  'README.md',
  'SECURITY.md',
  ...['docs', 'examples', 'bench'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => join(folder, name)),
  ),
];

/** Packages whose licence is not in the field that npm reads. It was read in these versions. */
const READ_BY_US = new Map([
  ['passport-strategy@1.0.0', 'MIT'],
  ['pause@0.0.1', 'MIT'],
]);

function lockedIn(path: string): Record<string, LockedPackage> {
  return (JSON.parse(read(path)) as { packages: Record<string, LockedPackage> }).packages;
}

/** A package under another name has its own in `name`. Those of this repository come from no registry. */
function packagesIn(path: string): (LockedPackage & { name: string })[] {
  return Object.entries(lockedIn(path))
    .filter(([place, { link }]) => !link && place.includes('node_modules/'))
    .map(([place, one]) => ({ name: nameOf(place), ...one }));
}

/** The address of a version in the registry. */
function addressOf({ name, version }: { name: string; version: string }): string {
  return `${REGISTRY}${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
}

/** A folder with one locked package, whose install script leaves a file `ran`. The settings of npm there allow it. */
function plantedCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-planted-'));
  const write = (path: string, value: object) =>
    writeFileSync(join(folder, path), JSON.stringify(value));
  const npm = (...args: string[]) => execFileSync('npm', args, { cwd: folder, stdio: 'pipe' });
  mkdirSync(join(folder, 'planted'));
  const script = `node -e "require('fs').writeFileSync('${join(folder, 'ran')}', '')"`;
  write('planted/package.json', {
    name: 'planted',
    version: '1.0.0',
    scripts: { install: script },
  });
  npm('pack', './planted', '--silent');
  const dependencies = { planted: 'file:planted-1.0.0.tgz' };
  write('package.json', { name: 'checkout', version: '1.0.0', dependencies });
  npm('install', '--package-lock-only', '--offline', '--silent');
  writeFileSync(join(folder, '.npmrc'), 'ignore-scripts=false\n');
  return folder;
}

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

  it.each(['package-lock.json', 'bench/package-lock.json'])(
    'comes from one registry, with the address and a hash of each package in %s',
    (path) => {
      const found = packagesIn(path);
      const strangers = found.filter(
        (one) =>
          one.resolved !== addressOf(one) || !/^sha512-[\w+/]{86}==$/.test(one.integrity ?? ''),
      );
      expect(found.length).toBeGreaterThan(100);
      expect(strangers.map(({ name }) => name)).toEqual([]);
    },
  );

  it.each(['.', 'bench'])('keeps the addresses, and runs no script, by %s/.npmrc', (folder) => {
    // As npm reads it there, also over the user's own file and the environment of npm test.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    const setting = (name: string) =>
      execFileSync('npm', ['--prefix', '.', 'config', 'get', name], {
        cwd: join(ROOT, folder),
        env,
        encoding: 'utf8',
      }).trim();
    expect(setting('omit-lockfile-registry-resolved')).toBe('false');
    expect(setting('ignore-scripts')).toBe('true');
  });

  it('has every package that another one requires, on every platform: npm ci refuses a lock with gaps', () => {
    const missing = Object.entries(locked).flatMap(
      ([path, { dependencies, optionalDependencies }]) =>
        Object.keys({ ...dependencies, ...optionalDependencies })
          .filter((name) => !isLocked(name, path))
          .map((name) => `${path} asks for ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('runs no script of a package that it installs, with any settings of npm', async () => {
    const folder = plantedCheckout();
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const output = createOutput(silent as unknown as NodeJS.WriteStream);
    try {
      expect(await installPackages(folder, 'installing', ['--offline'], { output })).toBe(true);
      expect(existsSync(join(folder, 'node_modules', 'planted', 'package.json'))).toBe(true);
      expect(existsSync(join(folder, 'ran'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('contains no installation with scripts, and documents none', () => {
    // The name of a command alone, between backticks, is no instruction.
    const commands = /`npm \w+`|\bnpm (?:ci|install|i|add|prune|rebuild)\b[^`\n]*/g;
    const taught = INSTALLING.flatMap((path) =>
      [...read(path).matchAll(commands)].map(([command]) => `${path}: ${command}`),
    ).filter((command) => !command.endsWith('`'));
    const withScripts = taught.filter(
      (command) => !/--ignore-scripts|--package-lock-only/.test(command),
    );
    expect(withScripts).toEqual([]);
    expect(taught.length).toBeGreaterThanOrEqual(4);
  });

  it('documents each install script', () => {
    const withScript = new Set(
      packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name),
    );
    const documented = rowsOf('How packages are installed').map(
      (name) => new RegExp(`^${name.replace('*', '.*')}$`),
    );
    const names = [...withScript];
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

  it('documents no licence without a package', () => {
    const used = new Set(packages.flatMap((found) => licenceOf(found).split(' AND ')));
    expect(rowsOf('Licences').filter((licence) => !used.has(licence))).toEqual([]);
  });

  it('has a bill of materials of all production packages, and no others, without a network', () => {
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
      .filter(({ dev, name }) => !dev && !ONLY_OF_OWN_PACKAGES.includes(name))
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
