/** Sent by the test: the machine's clock jumps by so many milliseconds. */
export interface ClockStep {
  stepClockMs: number;
}

/**
 * Lets the wall clock of this process jump when its parent says so, and confirms it. Timers and the
 * monotonic clock go on as they do on a machine whose clock is set.
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
