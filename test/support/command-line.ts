import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The words of a running process's command line, joined by spaces. */
export function commandLineOf(pid: number): string {
  return process.platform === 'linux'
    ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
}
