import fc from 'fast-check';
import { deviceName } from './device-name';

const FIREFOX =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1';
const TERRAFORM =
  'APN/1.0 HashiCorp/1.0 Terraform/1.8.0 (+https://a.example) provider-x/4.67.0 sdk/2.30 (linux; amd64)';

describe('the name of a device', () => {
  it.each([
    [FIREFOX, 'Firefox on macOS'],
    [SAFARI, 'Safari on iOS'],
    [TERRAFORM, 'APN on Linux'],
    ['curl/8.5.0', 'curl'],
    ['python-requests/2.31.0', 'python-requests'],
    ['Go-http-client/1.1', 'Go-http-client'],
    ['aws-sdk-go-v2/1.24 os/linux lang/go#1.21 md/GOOS#linux', 'aws-sdk-go-v2 on Linux'],
    ['MyApp/1 CFNetwork/1410 Darwin/22.6.0', 'MyApp'],
    ['My App 1.0', 'My App 1.0'],
    [`${'long-'.repeat(100)}/1.0`, 'long-'.repeat(8)],
    ['\u202e\u0007curl\u200b/8', 'curl'],
    ['/1.0', 'Unknown device'],
    ['   ', 'Unknown device'],
    ['\u200f', 'Unknown device'],
    ['', 'Unknown device'],
    [null, 'Unknown device'],
  ])('of %j is %j', (userAgent, name) => {
    expect(deviceName(userAgent)).toBe(name);
  });

  it('has 1 to 40 visible characters for every user agent', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.string({ unit: 'binary-ascii', maxLength: 100 }),
    );
    const version = fc.stringMatching(/^\/[0-9.]{1,5}$/);
    const product = fc.oneof(
      text,
      fc.tuple(text, version).map((parts) => parts.join('')),
    );
    const pieces = fc.array(fc.oneof(product, fc.constantFrom(FIREFOX, SAFARI, TERRAFORM)), {
      maxLength: 5,
    });
    const userAgent = fc.oneof(
      text,
      pieces.map((all) => all.join(' ')),
      fc.tuple(text, fc.nat(8192)).map(([start, length]) => start.padEnd(length, 'junk (/;) ')),
    );
    fc.assert(
      fc.property(userAgent, (agent) => {
        const name = deviceName(agent);
        expect(name.length).toBeLessThanOrEqual(40);
        expect(name).toMatch(/^[^\s\p{C}\p{Zl}\p{Zp}]+(?: [^\s\p{C}\p{Zl}\p{Zp}]+)*$/u);
      }),
      { numRuns: 1000 },
    );
  });
});
