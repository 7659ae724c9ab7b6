import { contactList } from './contact-list';

describe('a list of contacts', () => {
  const type = contactList();

  it.each([
    ['mailto:security@example.com', ['mailto:security@example.com']],
    [
      'mailto:security@example.com?subject=Report, https://example.com/report#here',
      ['mailto:security@example.com?subject=Report', 'https://example.com/report#here'],
    ],
  ])('takes %s', (text, contacts) => expect(type.parse(text)).toEqual(contacts));

  it.each([
    ['an address without its scheme', 'security@example.com'],
    ['a page without TLS', 'http://example.com/report'],
    ['another scheme', 'javascript:alert(1)'],
    ['an empty entry', 'mailto:security@example.com,'],
    ['a mail address without a host', 'mailto:security@'],
    ['an address with a space', 'https://example.com/a b'],
    ['an address with a line end', 'https://example.com/\nContact: https://evil.example'],
    ['a host that is none', 'https://'],
    ['angle brackets', 'https://example.com/<script>'],
  ])('refuses %s', (_what, text) => {
    expect(type.safeParse(text).error?.issues[0]?.message).toBe(
      'must be a list like mailto:security@example.com,https://example.com/report',
    );
  });
});
