import {
  cpuSecondsOf,
  residentBytesIn,
  residentBytesOf,
  ticksIn,
} from '../../bench/harness/process-usage.mjs';

describe('the usage of a process', () => {
  it('is read past a process name that looks like fields', () => {
    const stat = '42 (a) S 9) S 1 42 42 0 -1 4194560 900 0 3 0 125 17 8 9 20 0 11 0 5560 1 2';
    expect(ticksIn(stat)).toBe(125 + 17);
  });

  it('is its resident memory, in bytes', () => {
    expect(residentBytesIn('VmPeak:\t  900 kB\nVmRSS:\t    300 kB\nThreads:\t11\n')).toBe(307_200);
  });

  it('is available for a running process', () => {
    const before = cpuSecondsOf(process.pid);
    const until = process.cpuUsage().user + 200_000;
    while (process.cpuUsage().user < until) {
      // CPU time alone.
    }
    expect(cpuSecondsOf(process.pid) - before).toBeGreaterThan(0.1);
    expect(residentBytesOf(process.pid)).toBeGreaterThan(1_000_000);
  });
});
