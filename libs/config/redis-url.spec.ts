import { redisUrl } from './redis-url';

function problemOf(text: string): string | undefined {
  return redisUrl().safeParse(text).error?.issues[0]?.message;
}

describe('REDIS_URL', () => {
  it.each([
    'redis://cache',
    'redis://cache/',
    'redis://cache:6379/15',
    'redis://127.0.0.1:6379',
    'redis://[::1]:6379/0',
    'redis://:p%40ss%2Fword@cache',
    'rediss://latchkey:pw@cache.example.com:6380/2?family=6',
    'redis://cache?family=4',
  ])('takes %s', (text) => {
    expect(problemOf(text)).toBeUndefined();
  });

  it.each([
    ['http://cache', 'starts with'],
    ['redis:/cache', 'starts with'],
    ['redis://', 'host'],
    ['redis:///0', 'host'],
    ['redis://h st', 'cannot be read'],
    ['redis://h:99999', 'port'],
    ['redis://h:0/1', 'port'],
    ['redis://u:p@h:65536', 'port'],
    ['redis://h:port', 'cannot be read'],
    ['redis://:a/b@h', 'cannot be read'],
    ['redis://:a#b@h', 'cannot be read'],
    ['redis://h/abc', 'database'],
    ['redis://h/0/1', 'database'],
    ['redis://h/-1', 'database'],
    ['redis://u:a%zz@h', 'percent-encoded'],
    ['redis://%ff:a@h', 'percent-encoded'],
    ['redis://user@h', 'without a password'],
    ['redis://h/0#1', '#'],
    ['redis://h?family=9', 'family'],
    ['redis://h?family=4&family=6', 'parameter'],
    ['redis://h?db=3', 'parameter'],
    ['redis://h?enableOfflineQueue=true', 'parameter'],
  ])('refuses %s with a reason that repeats no part of it', (text, named) => {
    const problem = problemOf(text);
    expect(problem).toContain(named);
    expect(problem).toMatch(/^(must|has|cannot) [^\n]+[^.]$/);
  });
});
