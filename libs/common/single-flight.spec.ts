import { SingleFlight } from './single-flight';

/** Work that the test completes. */
function controlledWork() {
  const runs: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const work = () =>
    new Promise<number>((resolve, reject) => {
      runs.push({ resolve, reject });
    });
  return { runs, work };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('SingleFlight', () => {
  it('starts one more run for all callers that arrive during a run', async () => {
    const flight = new SingleFlight<number>();
    const { runs, work } = controlledWork();
    const first = flight.run('k', work);
    const late = Array.from({ length: 499 }, () => flight.run('k', work));
    expect(runs).toHaveLength(1);
    runs[0]!.resolve(1);
    await settle();
    expect(runs).toHaveLength(2);
    runs[1]!.resolve(2);
    await expect(first).resolves.toBe(1);
    expect(new Set(await Promise.all(late))).toEqual(new Set([2]));
  });

  it('starts a new run when no caller waits', async () => {
    const flight = new SingleFlight<number>();
    const { runs, work } = controlledWork();
    for (let run = 0; run < 3; run++) {
      const value = flight.run('k', work);
      runs[run]!.resolve(run);
      await expect(value).resolves.toBe(run);
      await settle();
    }
    expect(runs).toHaveLength(3);
  });

  it('rejects only the callers of the run that failed', async () => {
    const flight = new SingleFlight<number>();
    const { runs, work } = controlledWork();
    const first = flight.run('k', work);
    const second = flight.run('k', work);
    runs[0]!.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await settle();
    runs[1]!.resolve(2);
    await expect(second).resolves.toBe(2);
  });

  it('keeps keys apart', async () => {
    const flight = new SingleFlight<number>();
    const { runs, work } = controlledWork();
    const a = flight.run('a', work);
    const b = flight.run('b', work);
    expect(runs).toHaveLength(2);
    runs[1]!.resolve(2);
    await expect(b).resolves.toBe(2);
    runs[0]!.resolve(1);
    await expect(a).resolves.toBe(1);
  });
});
