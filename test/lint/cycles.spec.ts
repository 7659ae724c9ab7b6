import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../../tools/local/paths.mjs';
import { sourcesIn } from '../../tools/local/source-build.mjs';

type Imports = Record<string, readonly string[]>;

/** What each source file imports, but for imports of types. */
async function importsOf(entryPoints: string[]): Promise<Imports> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints,
    outdir: join(ROOT, 'dist'),
    write: false,
    metafile: true,
    bundle: true,
    packages: 'external',
    platform: 'node',
    conditions: ['latchkey-source'],
  });
  const imports = Object.entries(metafile.inputs).map(([path, input]) => [
    path,
    input.imports.filter(({ external }) => !external).map((found) => found.path),
  ]);
  return Object.fromEntries(imports) as Imports;
}

/** The files of a cycle, the first one also at its end; undefined when there is none. */
function findCycle(imports: Imports): string[] | undefined {
  const done = new Set<string>();
  const walk = (path: string, way: string[]): string[] | undefined => {
    if (way.includes(path)) {
      return [...way.slice(way.indexOf(path)), path];
    }
    if (done.has(path)) {
      return undefined;
    }
    for (const imported of imports[path] ?? []) {
      const cycle = walk(imported, [...way, path]);
      if (cycle) {
        return cycle;
      }
    }
    done.add(path);
    return undefined;
  };
  return Object.keys(imports).reduce<string[] | undefined>(
    (found, path) => found ?? walk(path, []),
    undefined,
  );
}

describe('imports', () => {
  it('of applications and libraries have no cycle', async () => {
    const sources = ['apps', 'libs'].flatMap(sourcesIn).filter((path) => path.endsWith('.ts'));
    const imports = await importsOf(sources);
    expect(Object.keys(imports)).toHaveLength(sources.length);
    expect(findCycle(imports)).toBeUndefined();
  });

  it('that lead back are found', () => {
    const imports = { a: ['b'], b: ['c', 'd'], c: [], d: ['e'], e: ['b'] };
    expect(findCycle(imports)).toEqual(['b', 'd', 'e', 'b']);
  });
});
