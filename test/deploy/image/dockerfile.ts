interface Forms {
  FROM: { image: string; stage: string | undefined };
  COPY: { from: string | undefined; sources: string[]; target: string };
  RUN: { script: string };
  CMD: { command: string[] };
  ENTRYPOINT: { command: string[] };
  HEALTHCHECK: { options: Record<string, string>; command: string[] };
  WORKDIR: { path: string };
  VOLUME: { path: string };
  USER: { name: string };
  EXPOSE: { port: number };
  ENV: { values: Record<string, string> };
  LABEL: { values: Record<string, string> };
  ARG: { name: string; value: string };
}

type Of<Kind extends keyof Forms> = { kind: Kind } & Forms[Kind];

/** An instruction of a Dockerfile. Flags and forms that are not listed here are refused by the parser. */
export type Instruction = { [Kind in keyof Forms]: Of<Kind> }[keyof Forms];

/**
 * Parses the part of the format that our Dockerfile uses.
 * @param text of the Dockerfile
 * @throws Error with the line for every instruction, flag or form that is not known here
 */
export function parseDockerfile(text: string): Instruction[] {
  return text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseLine);
}

/** The instructions of each stage, in the order of the file. */
export function stagesOf(instructions: Instruction[]): Instruction[][] {
  const stages: Instruction[][] = [];
  for (const instruction of instructions) {
    if (instruction.kind === 'FROM') {
      stages.push([]);
    }
    stages.at(-1)!.push(instruction);
  }
  return stages;
}

/** All instructions of one kind, in the order of the file. */
export function all<Kind extends Instruction['kind']>(
  instructions: Instruction[],
  kind: Kind,
): Of<Kind>[] {
  return instructions.filter((found): found is Instruction & Of<Kind> => found.kind === kind);
}

function parseLine(line: string): Instruction {
  const [, kind = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
  const parsed = parseRest(kind, rest.trim());
  if (parsed === undefined) {
    throw new Error(`The Dockerfile has a line that the tests do not know: ${line}`);
  }
  return parsed;
}

function parseRest(kind: string, rest: string): Instruction | undefined {
  switch (kind) {
    case 'FROM': {
      const [, image, stage] = /^([^\s-]\S*)(?: AS (\w+))?$/.exec(rest) ?? [];
      return image === undefined ? undefined : { kind, image, stage };
    }
    case 'COPY':
      return parseCopy(rest);
    case 'RUN':
      return /^(--|\[)/.test(rest) ? undefined : { kind, script: rest };
    case 'CMD':
    case 'ENTRYPOINT': {
      const command = parseCommand(rest);
      return command && { kind, command };
    }
    case 'HEALTHCHECK':
      return parseHealthcheck(rest);
    case 'WORKDIR':
    case 'VOLUME':
      return /^\/[\w/.-]*$/.test(rest) ? { kind, path: rest } : undefined;
    case 'USER':
      return /^\w+$/.test(rest) ? { kind, name: rest } : undefined;
    case 'EXPOSE':
      return /^\d+$/.test(rest) ? { kind, port: Number(rest) } : undefined;
    case 'ENV':
    case 'LABEL': {
      const values = parseValues(rest);
      return values && { kind, values };
    }
    case 'ARG': {
      const [, name, value] = /^(\w+)=([\w.-]+)$/.exec(rest) ?? [];
      return name === undefined || value === undefined ? undefined : { kind, name, value };
    }
    default:
      return undefined;
  }
}

function parseCopy(rest: string): Instruction | undefined {
  const [, from, paths = ''] = /^(?:--from=(\w+) )?(.+)$/.exec(rest) ?? [];
  const words = paths.split(/\s+/);
  const target = words.pop();
  const isKnown = words.length > 0 && [...words, target].every((word) => /^[\w./]/.test(word!));
  return isKnown ? { kind: 'COPY', from, sources: words, target: target! } : undefined;
}

function parseHealthcheck(rest: string): Instruction | undefined {
  const [, flags = '', form = ''] = /^((?:--[a-z-]+=\S+ +)*)CMD (.+)$/.exec(rest) ?? [];
  const options = Object.fromEntries(
    [...flags.matchAll(/--([a-z-]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
  );
  const known = ['interval', 'timeout', 'start-period', 'retries'];
  const command = parseCommand(form);
  return command !== undefined && Object.keys(options).every((name) => known.includes(name))
    ? { kind: 'HEALTHCHECK', options, command }
    : undefined;
}

/** The exec form alone: a shell in between would take the signals. */
function parseCommand(form: string): string[] | undefined {
  return form.startsWith('[') ? (JSON.parse(form) as string[]) : undefined;
}

function parseValues(rest: string): Record<string, string> | undefined {
  const pair = /([\w.]+)=(?:"([^"\\]*)"|([^\s"\\]+))(?:\s+|$)/y;
  const values: Record<string, string> = {};
  while (pair.lastIndex < rest.length) {
    const found = pair.exec(rest);
    if (found === null) {
      return undefined;
    }
    values[found[1]!] = found[2] ?? found[3] ?? '';
  }
  return values;
}
