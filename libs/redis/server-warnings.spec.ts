import { readServer } from './redis-server';
import { warningsOf } from './server-warnings';

function codes(server: Partial<ReturnType<typeof readServer>>): string[] {
  const harmless = readServer(new Map());
  return warningsOf({ ...harmless, ...server }).map(({ code }) => code);
}

describe('warnings about a server', () => {
  it('are empty for a server without a problem', () => {
    expect(codes({ evictionPolicy: 'noeviction' })).toEqual([]);
  });

  it.each([
    ['noeviction', 0, []],
    ['allkeys-lru', 0, []],
    ['noeviction', 79, []],
    ['noeviction', 80, ['nearly_full']],
    ['volatile-ttl', 79, []],
    ['volatile-ttl', 80, ['may_evict']],
    ['volatile-lru', 100, ['may_evict']],
    ['allkeys-lru', 1, ['may_evict']],
    ['allkeys-lfu', 99, ['may_evict']],
    ['allkeys-random', 99, ['may_evict']],
    ['a-policy-of-tomorrow', 1, ['may_evict']],
  ])('about memory: %s with %d %% of it used', (evictionPolicy, used, expected) => {
    const maxMemoryBytes = used === 0 ? 0 : 1000;
    expect(codes({ evictionPolicy, maxMemoryBytes, usedMemoryBytes: used * 10 })).toEqual(expected);
  });

  it('begin with the worst', () => {
    const server = {
      isClusterNode: true,
      role: 'replica' as const,
      isPersistenceFailing: true,
      maxMemoryBytes: 1,
      usedMemoryBytes: 1,
      evictionPolicy: 'allkeys-lru',
    };
    expect(codes(server)).toEqual(['cluster_node', 'replica', 'persistence_failing', 'may_evict']);
  });
});
