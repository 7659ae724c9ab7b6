import { AliveSessions } from './alive-sessions';
import { sessionName, userName } from './session-index';
import type { AliveAnswer } from './session-signals';

function answerFor(sid: string, sub: string): AliveAnswer {
  const claims = { sid, sub, exp: 0 };
  const session = { sessionId: sid, userId: sub, role: 'user', expiresAt: new Date(0), claims };
  return { session, asked: { monotonicMs: 0, wallMs: 0 }, isCovered: true };
}

describe('sessions that are kept as alive', () => {
  it('leave in the order of their last use', () => {
    const alive = new AliveSessions(2);
    alive.keep('a', answerFor('1', 'ann'));
    alive.keep('b', answerFor('2', 'bob'));
    alive.get('a');
    alive.keep('c', answerFor('3', 'cid'));
    expect(['a', 'b', 'c'].filter((token) => alive.get(token))).toEqual(['a', 'c']);
    expect(alive.size).toBe(2);
  });

  it('leave with all tokens of a session or a user', () => {
    const alive = new AliveSessions(10);
    alive.keep('a', answerFor('1', 'ann'));
    alive.keep('b', answerFor('1', 'ann'));
    alive.keep('c', answerFor('2', 'ann'));
    alive.keep('d', answerFor('3', 'bob'));
    expect(alive.forgetNamed(sessionName('1'))).toBe(2);
    expect(alive.find('1')).toBeUndefined();
    expect(alive.find('2')).toBe(alive.get('c'));
    expect(alive.forgetNamed(userName('ann'))).toBe(1);
    expect(alive.size).toBe(1);
    expect(alive.get('d')?.session.userId).toBe('bob');
    // Ids of sessions and of users are different names.
    expect(alive.forgetNamed(sessionName('bob'))).toBe(0);
  });
});
