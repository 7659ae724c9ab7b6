import { setImmediate as turn } from 'node:timers/promises';
import { AsyncScope } from './async-scope';

describe('a scope', () => {
  const scope = new AsyncScope<string>();

  async function later(): Promise<string | undefined> {
    await turn();
    return scope.get();
  }

  it('is visible to the work that it started, also later, and to no other work', async () => {
    const inside = scope.during('one', later);
    const beside = later();
    const other = scope.during('two', later);
    expect(await Promise.all([inside, beside, other])).toEqual(['one', undefined, 'two']);
    expect(scope.get()).toBeUndefined();
  });

  it('stays open when another scope ends', async () => {
    const long = scope.during('long', async () => {
      await scope.during('short', later);
      return later();
    });
    expect(await long).toBe('long');
  });

  it('stays open until it is released, also when another scope is released twice', async () => {
    const [release, entered] = scope.enter('entered', (end) => [end, later()] as const);
    await scope.during('other', later);
    expect(await entered).toBe('entered');
    const kept = scope.enter('kept', (end) => [end, later] as const);
    release();
    release();
    const found = scope.during('inner', later);
    expect(await found).toBe('inner');
    kept[0]();
  });

  it('ends with work that fails', async () => {
    const failing = scope.during('failing', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await later()).toBeUndefined();
  });

  it('can be left', async () => {
    expect(await scope.during('left', () => scope.outside(later))).toBeUndefined();
    expect(await scope.outside(later)).toBeUndefined();
  });
});
