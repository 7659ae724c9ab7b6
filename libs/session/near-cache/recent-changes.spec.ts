import { RecentChanges } from './recent-changes';

describe('recent changes', () => {
  let changes: RecentChanges;

  beforeEach(() => {
    changes = new RecentChanges();
  });

  it('tell whether a user has changed since', () => {
    changes.note('ada');
    const stamp = changes.stamp();
    expect(changes.isUnchanged('ada', stamp)).toBe(true);
    changes.note('bob');
    expect(changes.isUnchanged('ada', stamp)).toBe(true);
    expect(changes.isUnchanged('bob', stamp)).toBe(false);
    changes.note('ada');
    expect(changes.isUnchanged('ada', stamp)).toBe(false);
    expect(changes.isUnchanged('ada', changes.stamp())).toBe(true);
  });

  it('know of nobody who has not changed when anything may have', () => {
    const stamp = changes.stamp();
    changes.noteAll();
    expect(changes.isUnchanged('ada', stamp)).toBe(false);
    expect(changes.isUnchanged('ada', changes.stamp())).toBe(true);
  });

  it('say yes in doubt: of a user whose change was so long ago that it is forgotten', () => {
    const before = changes.stamp();
    changes.note('ada');
    const after = changes.stamp();
    for (let user = 0; user < 5000; user += 1) {
      changes.note(`user ${user}`);
    }
    expect(changes.isUnchanged('ada', before)).toBe(false);
    expect(changes.isUnchanged('nobody', after)).toBe(false);
    expect(changes.isUnchanged('ada', changes.stamp())).toBe(true);
  });
});
