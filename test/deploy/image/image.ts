import { mkdirSync, mkdtempSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { findNode } from '../../../tools/local/node-program.mjs';
import { createOutput } from '../../../tools/local/output.mjs';
import { run } from '../../../tools/local/run.mjs';
import type { Instruction } from './dockerfile';
import { npmSettings, RootFolder, type Call } from './root-folder';

const STEP_DEADLINE_MS = 5 * 60_000;
const COMMAND_DEADLINE_MS = 30_000;
const BASE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

type Copy = Extract<Instruction, { kind: 'COPY' }>;

export interface Answer {
  ok: boolean;
  output: string;
}

/** A stage of a Dockerfile while it is built, with the settings of its containers. */
export class Stage {
  cwd = '/';
  user = 'root';
  readonly env: Record<string, string> = { PATH: BASE_PATH };
  readonly labels: Record<string, string> = {};
  readonly volumes: string[] = [];
  readonly ports: number[] = [];
  command: string[] = [];
  entrypoint: string[] = [];
  healthcheck: string[] = [];
  private readonly args: Record<string, string> = {};

  private constructor(
    readonly root: RootFolder,
    private readonly context: string,
    private readonly npm: ReturnType<typeof npmSettings>,
  ) {}

  /**
   * Runs the instructions without a container engine.
   * @param stages the instructions of each stage
   * @param context folder of the build context
   * @param folder an empty one
   * @returns the last stage
   * @throws Error with the output of a step that fails
   */
  static async build(stages: Instruction[][], context: string, folder: string): Promise<Stage> {
    const built = new Map<string | undefined, Stage>();
    const npm = npmSettings();
    const umask = process.umask(0o022);
    try {
      for (const [index, instructions] of stages.entries()) {
        const [from] = instructions;
        if (from?.kind !== 'FROM') {
          throw new Error('A stage must begin with FROM.');
        }
        const root = join(folder, String(index));
        mkdirSync(root);
        const stage = new Stage(new RootFolder(root, await nodeOf(from.image)), context, npm);
        for (const instruction of instructions) {
          await stage.apply(instruction, built);
        }
        built.set(from.stage, stage);
      }
      return [...built.values()].at(-1)!;
    } finally {
      process.umask(umask);
    }
  }

  /** Runs a command as a container of this image would, with a read-only root but for its volumes. */
  async run(command: string[], container: Container): Promise<Answer> {
    const [program, args] = this.wrap(command, container);
    return run(program, args, { deadlineMs: COMMAND_DEADLINE_MS });
  }

  /** @returns program and arguments that start a container, whose first process is the image's command */
  start(container: Container): [program: string, args: string[]] {
    return this.wrap([...this.entrypoint, ...this.command], container, { asInit: true });
  }

  private wrap(command: string[], { env, volumes }: Container, more: Partial<Call> = {}) {
    return this.root.wrap(command, {
      cwd: this.cwd,
      env: { ...this.env, ...env },
      user: this.user,
      readOnly: true,
      mounts: this.volumes.map((target) => ({
        source: volumes.folderOf(target),
        target,
        writable: true,
      })),
      ...more,
    });
  }

  private async apply(instruction: Instruction, stages: Map<string | undefined, Stage>) {
    switch (instruction.kind) {
      case 'FROM':
        return;
      case 'COPY':
        return this.copy(instruction, stages);
      case 'RUN':
        return this.runStep(instruction.script);
      case 'WORKDIR':
        this.cwd = instruction.path;
        mkdirSync(this.root.locate(instruction.path), { recursive: true });
        return;
      case 'USER':
        this.user = instruction.name;
        return;
      case 'VOLUME':
        this.volumes.push(instruction.path);
        return;
      case 'EXPOSE':
        this.ports.push(instruction.port);
        return;
      case 'CMD':
        this.command = instruction.command;
        return;
      case 'ENTRYPOINT':
        this.entrypoint = instruction.command;
        return;
      case 'HEALTHCHECK':
        this.healthcheck = instruction.command;
        return;
      case 'ARG':
        this.args[instruction.name] = instruction.value;
        return;
      case 'ENV':
        Object.assign(this.env, this.expand(instruction.values));
        return;
      case 'LABEL':
        Object.assign(this.labels, this.expand(instruction.values));
    }
  }

  private async copy({ from, sources, target }: Copy, stages: Map<string | undefined, Stage>) {
    const origin = from === undefined ? undefined : stages.get(from)?.root;
    if (from !== undefined && origin === undefined) {
      throw new Error(`There is no stage ${from} to copy from.`);
    }
    const place = this.root.locate(resolve(this.cwd, target));
    for (const source of sources) {
      const path = origin === undefined ? join(this.context, source) : origin.locate(source);
      const isFolder = statSync(path).isDirectory();
      const files = isFolder ? readdirSync(path).map((name) => join(path, name)) : [path];
      const into = isFolder || target.endsWith('/') ? place : dirname(place);
      if (into !== place && basename(path) !== basename(place)) {
        throw new Error(`COPY under another name is not known to the tests: ${source} ${target}`);
      }
      mkdirSync(into, { recursive: true });
      await step(['cp', '-a', '--', ...files, into]);
    }
  }

  private async runStep(script: string) {
    // Of root in the image.
    const home = '/root';
    const cache = { source: this.npm.cache, target: join(home, '.npm'), writable: true };
    const [program, args] = this.root.wrap(['/bin/sh', '-c', script], {
      cwd: this.cwd,
      env: { HOME: home, ...this.npm.env, ...this.env },
      user: this.user,
      mounts: [cache],
    });
    await step([program, ...args], script);
  }

  private expand(values: Record<string, string>): Record<string, string> {
    const known = { ...this.env, ...this.args };
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        value.replace(/\$\{?(\w+)\}?/g, (_, variable: string) => known[variable] ?? ''),
      ]),
    );
  }
}

/** Settings and volumes of a container. */
export interface Container {
  env: Record<string, string>;
  volumes: Volumes;
}

/** Named volumes: each begins as a copy of the folder in the image, owner and mode included. */
export class Volumes {
  private readonly folders = new Map<string, string>();

  private constructor(private readonly folder: string) {}

  static async of(stage: Stage, folder: string): Promise<Volumes> {
    const volumes = new Volumes(folder);
    for (const path of stage.volumes) {
      const copy = mkdtempSync(join(folder, 'volume-'));
      await step(['cp', '-aT', '--', stage.root.locate(path), copy]);
      volumes.folders.set(path, copy);
    }
    return volumes;
  }

  folderOf(path: string): string {
    return this.folders.get(path) ?? this.folder;
  }
}

async function nodeOf(image: string): Promise<string> {
  const [, major] = /^node:(\d+)(?:\.\d+)*-slim$/.exec(image) ?? [];
  if (major !== '24') {
    throw new Error(`The image must be based on node:24-slim, not on ${image}.`);
  }
  const { path } = await findNode(24, { output: createOutput(process.stderr) });
  return realpathSync(path);
}

async function step([program = '', ...args]: string[], title = program): Promise<void> {
  const { ok, output } = await run(program, args, { deadlineMs: STEP_DEADLINE_MS });
  if (!ok) {
    throw new Error(`A step of the Dockerfile failed: ${title}\n${output}`);
  }
}
