import { setImmediate as turn } from 'node:timers/promises';
import { CircuitBreaker } from './circuit-breaker';
import { DependencyUnavailableError, ValidationFailedError } from './domain-error';

describe('a circuit breaker', () => {
  let circuit: CircuitBreaker;

  beforeEach(() => {
    circuit = new CircuitBreaker('redis');
  });

  afterEach(() => {
    circuit.shutdown();
  });

  const away = () => Promise.reject(new DependencyUnavailableError('redis'));

  async function fail(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      await expect(circuit.run(away)).rejects.toThrow(DependencyUnavailableError);
    }
  }

  it('returns results and rethrows errors', async () => {
    expect(await circuit.run(() => Promise.resolve(7))).toBe(7);
    await expect(circuit.run(() => Promise.reject(new RangeError('ours')))).rejects.toThrow('ours');
  });

  it('does no work while it is open, and throws that the store is unavailable', async () => {
    await fail(10);
    const work = jest.fn(() => Promise.resolve());
    await expect(circuit.run(work)).rejects.toThrow(DependencyUnavailableError);
    expect(work).not.toHaveBeenCalled();
  });

  it('opens when the store is unavailable, and for no other error', async () => {
    for (let time = 0; time < 20; time++) {
      await expect(
        circuit.run(() => Promise.reject(new ValidationFailedError([]))),
      ).rejects.toThrow(ValidationFailedError);
    }
    expect(await circuit.run(() => Promise.resolve('asked'))).toBe('asked');
  });

  it('tries again by itself, and closes when that succeeds', async () => {
    await fail(10);
    while (!(await circuit.run(() => Promise.resolve(true)).catch(() => false))) {
      await turn();
    }
    expect(await circuit.run(() => Promise.resolve('asked'))).toBe('asked');
  });

  it('has a state', async () => {
    expect(circuit.state).toBe('closed');
    await fail(10);
    expect(circuit.state).toBe('open');
    while (circuit.state === 'open') {
      await turn();
    }
    expect(circuit.state).toBe('half-open');
    await circuit.run(() => Promise.resolve());
    expect(circuit.state).toBe('closed');
  });

  it('closes at once on request', async () => {
    await fail(10);
    circuit.close();
    expect(await circuit.run(() => Promise.resolve('asked'))).toBe('asked');
  });
});
