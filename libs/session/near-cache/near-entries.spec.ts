import { NearEntries, type NearEntry } from './near-entries';

const entry = (sessionId: string, userId = 'ada', askedMs = 0): NearEntry => ({
  sessionId,
  userId,
  askedMs,
});

describe('near entries', () => {
  let entries: NearEntries<NearEntry>;

  beforeEach(() => {
    entries = new NearEntries(3);
  });

  const known = () => ['a', 'b', 'c', 'd'].filter((sessionId) => entries.get(sessionId));

  it('are removed with their user, and nobody else with them', () => {
    entries.put(entry('a'));
    entries.put(entry('b', 'bob'));
    entries.put(entry('c'));
    entries.removeUser('ada');
    expect(known()).toEqual(['b']);
    entries.removeUser('nobody');
    expect(entries.size).toBe(1);
  });

  it('are no more than there is room for: the oldest goes, unless it was put again', () => {
    ['a', 'b', 'c', 'a', 'd'].forEach((sessionId) => entries.put(entry(sessionId)));
    expect(known()).toEqual(['a', 'c', 'd']);
    entries.removeUser('ada');
    expect(entries.size).toBe(0);
  });

  it('are removed by their age', () => {
    entries.put(entry('a', 'ada', 1));
    entries.put(entry('b', 'ada', 2));
    entries.put(entry('c', 'bob', 3));
    entries.removeAskedBefore(3);
    expect(known()).toEqual(['c']);
    entries.put(entry('a', 'ada', 4));
    entries.removeUser('ada');
    expect(known()).toEqual(['c']);
  });

  it('are all gone when cleared', () => {
    entries.put(entry('a'));
    entries.clear();
    entries.removeUser('ada');
    expect([entries.size, known()]).toEqual([0, []]);
  });
});
