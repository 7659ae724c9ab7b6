import { OutageLog } from './outage-log';

describe('the log of an outage', () => {
  let nowMs: number;
  let lines: string[];
  let outage: OutageLog;

  beforeEach(() => {
    nowMs = 0;
    lines = [];
    const logger = {
      warn: (line: string) => lines.push(`warn: ${line}`),
      log: (line: string) => lines.push(`info: ${line}`),
      debug: () => undefined,
    };
    outage = new OutageLog('Redis', logger, { now: () => nowMs });
  });

  /** Four failures a second. */
  function failFor(seconds: number, reason = 'unreachable'): void {
    for (const endMs = nowMs + seconds * 1000; nowMs < endMs; nowMs += 250) {
      outage.failed(reason, 'connection refused');
    }
  }

  it('warns once, then once a minute with the number of failures in between', () => {
    failFor(150);
    expect(lines).toEqual([
      'warn: Redis is away: connection refused',
      'warn: Redis is still away after 60 s, 239 failures since the last warning: connection refused',
      'warn: Redis is still away after 120 s, 239 failures since the last warning: connection refused',
    ]);
  });

  it('logs the end of an outage once, and warns of the next outage', () => {
    failFor(2);
    outage.ended();
    outage.ended();
    failFor(2);
    expect(lines).toEqual([
      'warn: Redis is away: connection refused',
      'info: Redis answers again after 2 s',
      'warn: Redis is away: connection refused',
    ]);
  });

  it('warns of each reason once, also when they alternate', () => {
    for (let time = 0; time < 10; time++) {
      failFor(1, 'unreachable');
      failFor(1, 'loading');
    }
    expect(lines).toHaveLength(2);
  });
});
