import { addressGroups, partyOf } from './address-group';

describe('the groups that an address counts for', () => {
  it.each([
    ['192.0.2.7', ['192.0.2.7']],
    ['::ffff:192.0.2.7', ['192.0.2.7']],
    ['::ffff:c000:207', ['192.0.2.7']],
    [
      '2001:db8:1:abcd:3:4:5:6',
      ['2001:db8:1::/48', '2001:db8:1:ab00::/56', '2001:db8:1:abcd::/64'],
    ],
    ['2001:DB8:1:2::6', ['2001:db8:1::/48', '2001:db8:1:0::/56', '2001:db8:1:2::/64']],
    ['2001:0db8:0001:0002::', ['2001:db8:1::/48', '2001:db8:1:0::/56', '2001:db8:1:2::/64']],
    ['2001:db8::1', ['2001:db8:0::/48', '2001:db8:0:0::/56', '2001:db8:0:0::/64']],
    ['fe80::1%eth0', ['fe80:0:0::/48', 'fe80:0:0:0::/56', 'fe80:0:0:0::/64']],
    ['::1', ['0:0:0::/48', '0:0:0:0::/56', '0:0:0:0::/64']],
    ['', ['']],
  ])('of %s are %j', (address, names) => {
    expect(addressGroups(address).map(({ name }) => name)).toEqual(names);
    expect(partyOf(address)).toBe(names[0]);
  });

  it('have the limit once, the broader networks of IPv6 twice and four times', () => {
    const times = (address: string) => addressGroups(address).map((group) => group.times);
    expect(times('192.0.2.7')).toEqual([1]);
    expect(times('2001:db8::1')).toEqual([4, 2, 1]);
  });
});
