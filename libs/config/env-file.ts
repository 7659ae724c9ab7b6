import { existsSync } from 'node:fs';
import { SettingsError } from './settings-error';
import { readTextFile } from './text-file';

const ASSIGNMENT = /^\s*(?:export\s+)?[\w.-]+\s*(?:=|:\s)\s*(['"`]?)(.*)$/;

/**
 * Refuses a file of settings that the parser would skip in part or as a whole, without a word: another
 * encoding than UTF-8, a line that assigns nothing. A file that does not exist is fine.
 * @throws SettingsError
 */
export function checkEnvFile(path: string): void {
  if (!existsSync(path)) {
    return;
  }
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    throw new SettingsError(path, (error as Error).message);
  }
  const line = firstUnreadableLine(text.split(/\r\n?|\n/));
  if (line !== undefined) {
    throw new SettingsError(path, `cannot be read at line ${line}: write NAME=value`);
  }
}

/** @returns its number, counted from 1. The value of a quoted assignment may span lines. */
function firstUnreadableLine(lines: readonly string[]): number | undefined {
  let quoted: { quote: string; from: number } | undefined;
  for (const [index, line] of lines.entries()) {
    if (quoted) {
      quoted = line.includes(quoted.quote) ? undefined : quoted;
      continue;
    }
    if (/^\s*(#|$)/.test(line)) {
      continue;
    }
    const assignment = ASSIGNMENT.exec(line);
    if (!assignment) {
      return index + 1;
    }
    const [, quote = '', rest = ''] = assignment;
    if (quote !== '' && !rest.includes(quote)) {
      quoted = { quote, from: index + 1 };
    }
  }
  return quoted?.from;
}
