import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { OpenAnswers } from './open-answers';

describe('open answers', () => {
  const all = Array.from(
    { length: 5 },
    () => new ServerResponse(new IncomingMessage(new Socket())),
  );
  const [first, second, third, fourth, fifth] = all as [
    ServerResponse,
    ServerResponse,
    ServerResponse,
    ServerResponse,
    ServerResponse,
  ];

  it('stay in order, whichever of them are sent', () => {
    const open = new OpenAnswers();
    [first, second, third, fourth].forEach((answer) => open.add(answer));
    open.delete(first);
    open.delete(third);
    open.add(fifth);
    open.add(first);
    expect(open.inOrder()).toEqual([second, fourth, fifth, first]);
    expect(open.count).toBe(4);
  });

  it('are counted once, also when they end twice or were never there', () => {
    const open = new OpenAnswers();
    open.add(second);
    open.delete(third);
    open.delete(second);
    open.delete(second);
    expect([open.count, open.inOrder()]).toEqual([0, []]);
  });
});
