import { closeSync, mkdirSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sharedStores } from './shared-stores';

/**
 * The folder for the logs of all processes and applications of this run, in files `*.log`.
 * When all tests have run it is searched for secrets: see log-scan.ts.
 */
export function logFolder(): string {
  const folder = join(sharedStores().folder, 'logs');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A file for one of them. @param name describes it */
export function newLogFile(name: string): string {
  return join(mkdtempSync(join(logFolder(), `${name}-`)), `${name}.log`);
}

/** A file that takes one line after another, from this process. */
export class LogFile {
  private descriptor: number | null;

  constructor(name: string) {
    this.descriptor = openSync(newLogFile(name), 'a');
  }

  /** Written synchronously: a test process may end at any time. Ignored once the file is closed. */
  write(text: string): void {
    if (this.descriptor !== null) {
      writeSync(this.descriptor, text);
    }
  }

  close(): void {
    if (this.descriptor !== null) {
      closeSync(this.descriptor);
      this.descriptor = null;
    }
  }
}
