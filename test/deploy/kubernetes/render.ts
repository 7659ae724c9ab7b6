import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from '../../../tools/local/paths.mjs';
import { run } from '../../../tools/local/run.mjs';
import { KubePrograms } from '../../support/kube-programs';
import { newFolder } from '../../support/stores';
import { objectsIn, type KubeObject } from './objects';

export const SOURCES = join(ROOT, 'deploy', 'kubernetes');
export const CHART = join(SOURCES, 'chart');
const SCRIPT_DEADLINE_MS = 30_000;

/** What `kubectl` is for development.sh here: it renders what it would apply, knows whether it has, and prints other calls. */
const KUBECTL = `#!/bin/sh
if [ "$3" = get ]; then
  cat "$0.applied" 2>/dev/null || true
  exit
fi
if [ "$1" = apply ]; then
  echo deployment.apps/latchkey > "$0.applied"
  exec "$REAL_KUBECTL" kustomize "$3"
fi
echo "# kubectl $*"
`;

/** The objects of the folder of a kustomization. @throws Error with the message of kustomize */
export async function kustomized(folder: string): Promise<KubeObject[]> {
  const programs = await KubePrograms.find();
  return objectsOrError(await programs.kustomize(folder));
}

/** The production overlay, after `edit` has changed the text of its kustomization. */
export async function production(edit = (text: string) => text): Promise<KubeObject[]> {
  const folder = join(copyOfSources(), 'overlays', 'production');
  const file = join(folder, 'kustomization.yaml');
  writeFileSync(file, edit(readFileSync(file, 'utf8')));
  return kustomized(folder);
}

/** Output of development.sh, twice, and what it would apply: the secrets of the second run are those of the first. */
export async function development(): Promise<{ calls: string[][]; objects: KubeObject[][] }> {
  const programs = await KubePrograms.find();
  const [sources, bin] = [copyOfSources(), newFolder('kubectl-')];
  writeFileSync(join(bin, 'kubectl'), KUBECTL, { mode: 0o755 });
  const path = [bin, process.env.PATH].join(delimiter);
  const env = { PATH: path, REAL_KUBECTL: programs.pathOf('kubectl') };
  const outputs: string[] = [];
  for (let time = 0; time < 2; time += 1) {
    const script = join(sources, 'development.sh');
    const { ok, output } = await run('sh', [script], { deadlineMs: SCRIPT_DEADLINE_MS, env });
    expect([ok, output]).toEqual([true, expect.any(String)]);
    outputs.push(output);
  }
  return {
    calls: outputs.map((output) =>
      output.split('\n').filter((line) => line.startsWith('# kubectl ')),
    ),
    objects: outputs.map(objectsIn),
  };
}

/** The objects of the chart, for a release. @throws Error with the message of helm */
export async function chart(
  values: string[],
  { release = 'latchkey', namespace = 'latchkey' } = {},
): Promise<KubeObject[]> {
  const programs = await KubePrograms.find();
  const files = values.flatMap((file) => ['--values', file]);
  const words = ['template', release, CHART, '--namespace', namespace, ...files];
  return objectsOrError(await programs.helm(...words));
}

/** The path of a file with these values. */
export function fileOf(values: object): string {
  const file = join(newFolder('values-'), 'values.json');
  writeFileSync(file, JSON.stringify(values));
  return file;
}

/** The message with which helm refuses these values; empty when it does not. */
export async function refusal(values: object): Promise<string> {
  const words = ['template', 'latchkey', CHART, '--values', fileOf(values)];
  const programs = await KubePrograms.find();
  const { ok, output } = await programs.helm(...words);
  return ok ? '' : output.trim();
}

/** Without the secrets of a developer, who may have run development.sh in this checkout. */
function copyOfSources(): string {
  const folder = join(newFolder('kubernetes-'), 'deploy');
  mkdirSync(folder);
  const secrets = join(SOURCES, 'overlays', 'development', 'secrets');
  cpSync(SOURCES, folder, { recursive: true, filter: (path) => path !== secrets });
  expect(existsSync(join(folder, 'overlays', 'development', 'secrets'))).toBe(false);
  return folder;
}

function objectsOrError({ ok, output }: { ok: boolean; output: string }): KubeObject[] {
  if (!ok) {
    throw new Error(output);
  }
  return objectsIn(output);
}
