import calculateSlot from 'cluster-key-slot';
import fc from 'fast-check';
import { RedisKeys } from './redis-keys';

const USER = '0b2f6f5c-7a36-4c43-9d0e-3f9b1a8f9c11';
const SESSION = '9b1d7f6e-1111-4a5c-8d4e-2f9b1a8f9c22';
const { single, cluster } = RedisKeys;

describe('the keys on a single server', () => {
  it('are those of the document', () => {
    expect([
      single.sessions(USER),
      single.index(USER),
      single.cached('profile', USER),
      single.tombstone(USER, SESSION),
      single.checkpoint(0),
      single.statistics(0),
    ]).toEqual([
      `session:{${USER}}`,
      `user:tokens:{${USER}}`,
      `user:profile:{${USER}}`,
      `blacklist:{${USER}}:${SESSION}`,
      'latchkey:checkpoint',
      'latchkey:statistics',
    ]);
  });
});

describe('the keys on a Cluster', () => {
  it('hold the partition in braces, and the id after them', () => {
    const partition = cluster.partitionOf(USER);
    expect([
      cluster.sessions(USER),
      cluster.tombstone(USER, SESSION),
      cluster.checkpoint(partition),
    ]).toEqual([
      `session:{${partition}}:${USER}`,
      `blacklist:{${partition}}:${USER}:${SESSION}`,
      `latchkey:checkpoint:{${partition}}`,
    ]);
  });

  it('share a slot with the counters and the checkpoint of the partition, for any user', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (user, session) => {
        const partition = cluster.partitionOf(user);
        const keys = [
          cluster.sessions(user),
          cluster.index(user),
          cluster.cached('profile', user),
          cluster.tombstone(user, session),
          cluster.statistics(partition),
          cluster.checkpoint(partition),
          cluster.inPartition(cluster.probe('string'), partition),
        ];
        expect(new Set(keys.map((key) => calculateSlot(key))).size).toBe(1);
        expect(keys.map((key) => cluster.partitionOfKey(key))).toEqual(keys.map(() => partition));
      }),
    );
  });

  it('have a slot of their own for each partition', () => {
    const slots = cluster.allPartitions().map((one) => calculateSlot(cluster.checkpoint(one)));
    expect(new Set(slots).size).toBe(64);
  });

  it('have all limits in one slot', () => {
    expect(calculateSlot(cluster.limit('one:a'))).toBe(calculateSlot(cluster.limit('two:b')));
  });
});

describe.each([
  ['a single server', single],
  ['a Cluster', cluster],
])('on %s', (_where, keys) => {
  it('the index of a user names the user', () => {
    fc.assert(
      fc.property(fc.uuid(), (user) => {
        expect(keys.userOfIndex(keys.index(user))).toBe(user);
      }),
    );
  });

  it('items are grouped by the partition of their user', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid()), (users) => {
        const parts = keys.byPartition(users, (user) => user);
        expect([...parts.values()].flat().sort()).toEqual([...users].sort());
        parts.forEach((part, partition) =>
          part.forEach((user) => expect(keys.partitionOf(user)).toBe(partition)),
        );
      }),
    );
  });
});
