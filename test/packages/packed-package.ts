import { someOf } from '../support/long-tests';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { npm } from '../../tools/local/dependencies.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { run } from '../../tools/local/run.mjs';

export const DEADLINE_MS = 5 * 60_000;

/** The packages of this checkout with the types of a line of Node. */
const TYPES_OF_NODE = { 20: '@types/node', 22: 'types-node-22', 24: 'types-node-24' } as const;
export type NodeLine = keyof typeof TYPES_OF_NODE;
export const NODE_LINES: readonly NodeLine[] = someOf<NodeLine>([20, 22, 24], 1);

/** The files that the packed package has. */
export async function packedFiles(name: string): Promise<string[]> {
  const [{ files }] = await pack(name, '--dry-run');
  return files.map(({ path }) => path);
}

/** Packs a package of `packages`, and installs it with its dependencies in a folder, as its users do. */
export async function installPacked(name: string, folder: string): Promise<void> {
  const [{ filename }] = await pack(name, '--pack-destination', folder);
  const quiet = ['--no-audit', '--no-fund', '--omit=dev', '--ignore-scripts', '--prefer-offline'];
  await succeed(npm(['install', '--prefix', folder, ...quiet, join(folder, filename)], {}));
}

async function pack(
  name: string,
  ...flags: string[]
): Promise<[{ filename: string; files: { path: string }[] }]> {
  const output = await succeed(npm(['pack', join(ROOT, 'packages', name), '--json', ...flags], {}));
  return JSON.parse(output) as Awaited<ReturnType<typeof pack>>;
}

/** A `typeRoots` for the compiler, with the types of a line of Node. */
export function typeRoot(folder: string, line: NodeLine): string {
  const root = join(folder, `types-${line}`);
  linkAt(join(root, 'node'), join(ROOT, 'node_modules', TYPES_OF_NODE[line]));
  return root;
}

export function linkAt(link: string, target: string): void {
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(target, link);
}

/** Compiles projects with the compiler of this checkout. @throws Error with what the compiler says */
export async function compile(...projects: string[]): Promise<void> {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await succeed(run(process.execPath, [compiler, '-b', ...projects], { deadlineMs: DEADLINE_MS }));
}

/** Runs a program of a folder. @returns what it prints */
export async function runProgram(
  folder: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const options = { cwd: folder, env: { ...process.env, ...env }, deadlineMs: DEADLINE_MS };
  return succeed(run(process.execPath, args, options));
}

async function succeed(command: ReturnType<typeof run>): Promise<string> {
  const { ok, output } = await command;
  if (!ok) {
    throw new Error(output);
  }
  return output;
}
