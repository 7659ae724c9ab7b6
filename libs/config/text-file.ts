import { readFileSync } from 'node:fs';
import { InternalError } from '#libs/common';

/**
 * Reads a file as UTF-8, without its byte order mark.
 * @throws InternalError with a few words that name no path, if the file cannot be read (with the system's code) or has
 * another encoding, such as the UTF-16 of Windows editors.
 */
export function readTextFile(path: string): string {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new InternalError(`cannot be read (${reason})`, { cause: error });
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    if (!text.includes('\0')) {
      return text;
    }
  } catch {
    // Not UTF-8.
  }
  throw new InternalError('is not text in UTF-8');
}
