import { isEmail } from 'class-validator';
import fc from 'fast-check';
import { emailProblem } from './email-address';

describe('an e-mail address', () => {
  it.each([
    ['a number', 7, 'must be a string'],
    ['nothing', undefined, 'must be a string'],
    ['an empty text', '', 'must not be empty'],
    ['a space', 'ada king@example.com', 'must not contain spaces or control characters'],
    ['a line break', 'ada@example.com\n', 'must not contain spaces or control characters'],
    ['a null character', 'ada\0@example.com', 'must not contain spaces or control characters'],
    ['a space of another script', 'ada\u3000@example.com', 'must not contain spaces or control'],
    ['a letter beyond ASCII', 'zoë@example.com', 'must be in ASCII characters'],
    ['an international domain', 'ada@bücher.example', 'in its xn-- form'],
    ['a lone surrogate', 'ada\ud800@example.com', 'must be in ASCII characters'],
    ['no @', 'ada.example.com', 'must have an @'],
    ['two @', 'ada@king@example.com', 'must have one @ only'],
    ['no name', '@example.com', 'must have a name before its @'],
    [
      'a long name',
      `${'a'.repeat(65)}@example.com`,
      'must have at most 64 characters before its @',
    ],
    ['no domain', 'ada@', 'must have a domain after its @'],
    ['a domain without a dot', 'x@localhost', 'must have a domain with a dot'],
    ['an IPv4 address', 'ada@192.0.2.1', 'must have a domain that ends in a top-level domain'],
    ['an address literal', 'ada@[192.0.2.1]', 'must have a domain name and no IP address'],
    ['a top-level domain of a letter', 'ada@example.c', 'that ends in a top-level domain'],
    ['a dot at the end', 'ada@example.com.', 'with single dots between them'],
    ['two dots in its domain', 'ada@example..com', 'with single dots between them'],
    ['a hyphen at the edge', 'ada@-example.com', 'letters, digits and inner hyphens'],
    ['an underscore in its domain', 'ada@ex_ample.com', 'letters, digits and inner hyphens'],
    [
      'a long label',
      `ada@${'a'.repeat(64)}.com`,
      'must have at most 63 characters between the dots',
    ],
    ['a long domain', `ada@${'a.'.repeat(125)}com`, 'must have at most 254 characters'],
    ['two dots in its name', 'ada..king@example.com', 'single dots and the signs of RFC 5322'],
    ['a comma in its name', 'ada,king@example.com', 'single dots and the signs of RFC 5322'],
    ['an open quote', '"ada@example.com', 'single dots and the signs of RFC 5322'],
  ])('with %s is refused for that reason', (_what, value, problem) => {
    expect(emailProblem(value)).toContain(problem);
  });

  it.each([
    'ada@example.com',
    "o'hara+tag@mail.example.co.uk",
    'x@xn--bcher-kva.example',
    '"a@b"@x.io',
  ])('%s is taken', (address) => {
    expect(emailProblem(address)).toBeNull();
  });

  it('is refused exactly when it is not ASCII or no address of the RFCs', () => {
    const part = fc.stringMatching(/^[a-z0-9.@"_\-[\]é ]{0,12}$/);
    const address = fc.oneof(
      fc.emailAddress(),
      fc.emailAddress({ size: 'large' }),
      fc.tuple(part, part).map((parts) => parts.join('@')),
      fc.tuple(part, fc.emailAddress()).map((parts) => parts.join('')),
      fc.tuple(fc.emailAddress(), part).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(address, (text) => {
        const isTaken = /^[\x21-\x7e]+$/.test(text) && isEmail(text);
        expect([text, emailProblem(text) === null]).toEqual([text, isTaken]);
      }),
      { numRuns: 2000 },
    );
  });
});
