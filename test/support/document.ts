import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** A file of the repository, as text. @param path from its root */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Whether the repository has a file or a folder. */
export function hasPath(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** Paths of all TypeScript that runs in production, from the root of the repository. */
export function productSources(): string[] {
  return ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
      .map((name) => join(folder, name))
      .sort(),
  );
}

/** A row of a table, by the names of its columns. */
export type Row = Record<string, string>;

/** The text below a heading `## …`, up to the next one. */
export function sectionOf(path: string, heading: string): string {
  const found = readText(path)
    .split(/^## /m)
    .find((section) => section.startsWith(`${heading}\n`));
  if (found === undefined) {
    throw new Error(`${path} has no section "${heading}"`);
  }
  return found;
}

/** All rows of the tables in a Markdown text, in order. */
export function rowsIn(text: string): Row[] {
  const tables = text.matchAll(/(?:^\|.*\|\n)+/gm);
  return [...tables].flatMap(([table]) => {
    const [names = [], , ...rows] = table.trimEnd().split('\n').map(cellsOf);
    return rows.map((cells) =>
      Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ''])),
    );
  });
}

/** The text between backticks in a cell. */
export function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** The text of the first fenced block of a language. */
export function blockIn(text: string, language: string): string {
  const block = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(text)?.[1];
  if (block === undefined) {
    throw new Error(`there is no block of "${language}"`);
  }
  return block;
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
