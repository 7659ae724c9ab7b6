/** Sent by the test: the wall clock jumps by this many milliseconds. */
export interface ClockStep {
  stepClockMs: number;
}

/**
 * Makes the wall clock of this process jump when its parent requests it, and confirms it. Timers and the
 * monotonic clock continue, as on a machine whose clock is set.
 */
export function letClockStep(): void {
  const machineNow = Date.now.bind(Date);
  let offsetMs = 0;
  Date.now = () => machineNow() + offsetMs;
  process.on('message', ({ stepClockMs }: Partial<ClockStep>) => {
    if (stepClockMs !== undefined) {
      offsetMs += stepClockMs;
      process.send?.({ offsetMs });
    }
  });
}
