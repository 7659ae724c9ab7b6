import { awayReason, type AwayCode } from './away-reason';
import { clusterAwayReason } from './cluster-away';

const node = (address: string, code?: AwayCode) => ({
  address,
  reason: code ? awayReason(code) : null,
});

describe('why a Cluster cannot be used', () => {
  it('is nothing while all masters can be used', () => {
    expect(clusterAwayReason([node('a:1'), node('b:1')], [])).toBeNull();
  });

  it('names the master that does not answer, for the log alone', () => {
    const reason = clusterAwayReason([node('a:1'), node('b:1', 'unreachable')], []);
    expect(reason?.code).toBe('unreachable');
    expect(reason?.message).toMatch(/^A node of the Redis Cluster does not answer;/);
    expect(reason?.detail).toBe('b:1 (unreachable)');
  });

  it('names all nodes that were tried while no master is known', () => {
    const tried = [node('a:1', 'unreachable'), node('b:1', 'unreachable')];
    expect(clusterAwayReason([], tried)).toEqual({
      code: 'unreachable',
      message: 'No node of the Redis Cluster answers.',
      detail: 'a:1 (unreachable), b:1 (unreachable)',
    });
  });

  it('is the cause that can be removed, with the cause of each node', () => {
    const tried = [node('a:1', 'unreachable'), node('b:1', 'credentials_refused'), node('c:1')];
    const reason = clusterAwayReason([], tried);
    expect(reason?.code).toBe('credentials_refused');
    expect(reason?.detail).toBe(
      'a:1 (unreachable), b:1 (credentials_refused), c:1 (cluster_changing)',
    );
    expect(reason?.message).not.toContain('a:1');
  });
});
