// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Fields of /proc/PID/stat, counted from the one after the command's name: see proc(5). */
const UTIME = 11;
const STIME = 12;
const KIB = 1024;

/**
 * @param {string} stat the text of /proc/PID/stat
 * @returns {number} the processor time of all threads of the process, in clock ticks
 */
export function ticksIn(stat) {
  // The command's name, in parentheses, may contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[UTIME]) + Number(fields[STIME]);
}

/**
 * @param {string} status the text of /proc/PID/status
 * @returns {number} bytes of memory that is in use
 */
export function residentBytesIn(status) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * KIB;
}

/** @type {number | undefined} */
let ticksPerSecond;

/**
 * @param {number} pid
 * @returns {number} seconds of processor time since it was started
 */
export function cpuSecondsOf(pid) {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ticksIn(readFileSync(`/proc/${pid}/stat`, 'utf8')) / ticksPerSecond;
}

/** @param {number} pid */
export function residentBytesOf(pid) {
  return residentBytesIn(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
