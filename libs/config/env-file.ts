import { existsSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { SettingsError } from './settings-error';
import { readTextFile } from './text-file';

const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)\s*(?:=|:\s)\s*(['"`]?)(.*)$/;

/**
 * Reads the variables of an env file; none if the file does not exist. A file that a lenient parser would skip in part
 * is refused: another encoding than UTF-8, or a line without an assignment.
 * @throws SettingsError
 */
export function readEnvFile(path: string): NodeJS.Dict<string> {
  if (!existsSync(path)) {
    return {};
  }
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    throw new SettingsError(path, (error as Error).message);
  }
  return parseEnv(normalize(text.split(/\r\n?|\n/), path));
}

/**
 * Rewrites the lines as plain assignments, which `parseEnv` of every Node version reads alike. The versions differ for
 * indented comments, blank values and `NAME: value`. A quoted value may span lines.
 */
function normalize(lines: readonly string[], path: string): string {
  const plain: string[] = [];
  let open: { quote: string; line: number } | undefined;
  for (const [index, line] of lines.entries()) {
    if (open) {
      plain.push(line);
      open = line.includes(open.quote) ? undefined : open;
    } else if (!/^\s*(#|$)/.test(line)) {
      const [assignment, name = '', quote = '', rest = ''] = ASSIGNMENT.exec(line) ?? [];
      if (assignment === undefined) {
        throw unreadable(path, index + 1);
      }
      plain.push(`${name}=${quote}${rest}`);
      open = quote !== '' && !rest.includes(quote) ? { quote, line: index + 1 } : undefined;
    }
  }
  if (open) {
    throw unreadable(path, open.line);
  }
  return plain.join('\n');
}

function unreadable(path: string, line: number): SettingsError {
  return new SettingsError(path, `cannot be read at line ${line}: write NAME=value`);
}
