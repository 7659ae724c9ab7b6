import calculateSlot from 'cluster-key-slot';
import { agreedMasters, type SlotsAnswer } from './cluster-slots';
import { RedisKeys } from './redis-keys';

const keys = RedisKeys.cluster;
const LAST_SLOT = 16_383;
const SLOT = calculateSlot(keys.checkpoint(7));
const NOTHING = keys.allPartitions().map(() => null);

function answer(...masters: [first: number, last: number, host: string | null, port: number][]) {
  const reply = masters.map(([first, last, host, port]) => [first, last, [host, port, 'id']]);
  return { askedHost: 'asked.example', reply } satisfies SlotsAnswer;
}

/** One master for everything. */
const all = (port: number, host: string | null = '10.0.0.1') => answer([0, LAST_SLOT, host, port]);

describe('the masters of the partitions', () => {
  it('are those whose ranges hold the slots', () => {
    const split = answer([0, SLOT - 1, '10.0.0.1', 1], [SLOT, LAST_SLOT, '10.0.0.2', 2]);
    const masters = agreedMasters(keys, [split], NOTHING);
    keys.allPartitions().forEach((partition) => {
      const isLower = calculateSlot(keys.checkpoint(partition)) < SLOT;
      expect(masters[partition]).toBe(isLower ? '10.0.0.1:1' : '10.0.0.2:2');
    });
  });

  it('are those that most nodes name: one with an old view is outvoted', () => {
    const masters = agreedMasters(keys, [all(1), all(2), all(2)], NOTHING);
    expect(new Set(masters)).toEqual(new Set(['10.0.0.1:2']));
  });

  it('stay while as many nodes name them as any other', () => {
    const current = keys.allPartitions().map(() => '10.0.0.1:2');
    expect(agreedMasters(keys, [all(1), all(2)], current)).toEqual(current);
  });

  it('have the host that was asked where a node does not know its own', () => {
    expect(agreedMasters(keys, [all(1, null)], NOTHING)[0]).toBe('asked.example:1');
    expect(agreedMasters(keys, [all(1, '')], NOTHING)[0]).toBe('asked.example:1');
  });

  it('have the host name that the Cluster prefers, and not the address beside it', () => {
    const master = ['node-a.example', 1, 'id', ['ip', '10.0.0.1']];
    const replica = ['node-b.example', 2, 'other', ['ip', '10.0.0.2']];
    const reply = [[0, LAST_SLOT, master, replica]];
    const masters = agreedMasters(keys, [{ askedHost: '10.0.0.1', reply }], NOTHING);
    expect(new Set(masters)).toEqual(new Set(['node-a.example:1']));
  });

  it('stay at one host where all nodes leave it out and were asked at several', () => {
    const asked = (askedHost: string) => ({ ...all(1, null), askedHost });
    const answers = [asked('a.example'), asked('b.example')];
    const first = agreedMasters(keys, answers, NOTHING);
    expect(new Set(first)).toEqual(new Set(['a.example:1']));
    expect(agreedMasters(keys, answers.reverse(), first)).toEqual(first);
  });

  it('are unknown where no node names one with a host', () => {
    const without = answer([0, SLOT - 1, '?', 1], [SLOT + 1, LAST_SLOT, '?', 1]);
    expect(agreedMasters(keys, [without], NOTHING)).toEqual(NOTHING);
  });
});
