import fc from 'fast-check';
import { isIP } from 'node:net';
import { parseIpAddress } from './ip-address';

const port = fc.integer({ min: 0, max: 65_535 });
const zone = fc.stringMatching(/^[\w.-]{1,15}$/);
const ipv4 = fc.ipV4();
const ipv6 = fc.oneof(
  fc.ipV6(),
  fc.ipV6().map((address) => address.toUpperCase()),
  fc.ipV4().map((address) => `::ffff:${address}`),
);

describe('an address that is read', () => {
  it.each([
    ['203.0.113.1', '203.0.113.1'],
    [' 203.0.113.1\t', '203.0.113.1'],
    ['203.0.113.1:50001', '203.0.113.1'],
    ['"203.0.113.1:50001"', '203.0.113.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['"[2001:db8::1]:443"', '2001:db8::1'],
    // Without brackets the last group is a group.
    ['2001:db8::1:443', '2001:db8::1:443'],
    ['fe80::1%eth0', 'fe80::1'],
    ['fe80::1%25eth0', 'fe80::1'],
    ['fe80::1%', 'fe80::1'],
    ['fe80::1%a%b', 'fe80::1'],
    ['[fe80::1%eth0]:443', 'fe80::1'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['[::ffff:192.0.2.7]:80', '192.0.2.7'],
    ['::ffff:192.0.2.7%eth0', '192.0.2.7'],
    ['0:0:0:0:0:ffff:0:1', '0.0.0.1'],
    // Not the mapped form: these are IPv6 addresses.
    ['::192.0.2.7', '::c000:207'],
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
    ['::', '::'],
    ['::1', '::1'],
  ])('%j is %s', (text, address) => {
    expect(parseIpAddress(text)).toBe(address);
  });

  it.each([
    undefined,
    '',
    ' ',
    'unknown',
    '_hidden',
    '<script>',
    'localhost',
    'example.com:80',
    '010.0.0.1',
    '192.0.2.07',
    '0x7f.0.0.1',
    '127.1',
    '2130706433',
    '256.0.0.1',
    '192.0.2.1.',
    '192.0.2.1%eth0',
    '192.0.2.1:',
    '192.0.2.1:port',
    '192.0.2.1:123456',
    '192.0.2.1/24',
    '[192.0.2.1',
    '[2001:db8::1]443',
    '2001:db8::1/64',
    '2001:db8:::1',
    ':::',
    '%eth0',
    '[]',
    '[]:80',
    '""',
    '192.0.2.1\0',
    '1'.repeat(100_000),
    ':'.repeat(100_000),
  ])('%j is no address', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });

  it('is the same with a port, a zone, brackets and quotes as without', () => {
    fc.assert(
      fc.property(ipv4, ipv6, port, zone, (four, six, number, name) => {
        const plain = parseIpAddress(six);
        expect(isIP(plain ?? '')).not.toBe(0);
        for (const text of [six, `${six}%${name}`]) {
          for (const form of [text, `[${text}]`, `[${text}]:${number}`, `"[${text}]:${number}"`]) {
            expect(parseIpAddress(form)).toBe(plain);
          }
        }
        for (const form of [four, `${four}:${number}`, `"${four}"`, `::ffff:${four}`]) {
          expect(parseIpAddress(form)).toBe(four);
        }
      }),
    );
  });

  it('has one canonical form, without a zone, that is read as itself', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^["[]?[\da-f:.]{0,45}[%\]":\da-z]{0,9}$/),
    );
    fc.assert(
      fc.property(fc.oneof(text, ipv4, ipv6), (any) => {
        const address = parseIpAddress(any);
        if (address !== undefined) {
          expect(isIP(address)).not.toBe(0);
          expect(address).toMatch(/^[\da-f:.]+$/);
          expect(parseIpAddress(address)).toBe(address);
        }
      }),
    );
  });
});
