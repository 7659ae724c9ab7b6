import { readMessage } from './stream-message';

describe('an event of the stream', () => {
  it.each([
    ['session', '{"sid":"s","sub":"u","reason":"logout","exp":1,"new":1}', { sid: 's' }],
    ['subject', '{"sub":"u","before":"1970-01-01T00:00:01.000Z"}', { sub: 'u', beforeMs: 1_000 }],
    ['subject', '{"sub":"u"}', { sub: 'u', beforeMs: Infinity }],
    ['heartbeat', '{"asOf":12}', { asOfMs: 12, position: '7' }],
    ['reset', '{"reason":"gone"}', { reason: 'gone' }],
    ['reset', '', { reason: 'unknown' }],
    ['reconnect', '{}', {}],
  ])('%s %s is read', (event, data, fields) => {
    expect(readMessage({ event, data, id: '7' })).toEqual({ type: event, ...fields });
  });

  it.each(['session', 'subject', 'heartbeat'])('%s that cannot be read is a reset', (event) => {
    for (const data of ['', '{', 'null', '[]', '{"sid":1,"sub":2,"asOf":"3"}']) {
      expect(readMessage({ event, data, id: '7' })).toMatchObject({ type: 'reset' });
    }
  });

  it('without a position is no heartbeat', () => {
    const message = readMessage({ event: 'heartbeat', data: '{"asOf":1}' });
    expect(message).toMatchObject({ type: 'reset' });
  });

  it('of another name is ignored', () => {
    expect(readMessage({ event: 'later', data: '{}' })).toBeUndefined();
    expect(readMessage({ data: '{}' })).toBeUndefined();
  });
});
