import { isKnown } from './entity-tag';

describe('If-None-Match', () => {
  const tag = '"one.7"';

  it.each([tag, `W/${tag}`, `"x", ${tag}`, ` ${tag} , "y"`, `"x",W/${tag}`, '*', ' * '])(
    'with %s knows the tag',
    (header) => {
      expect(isKnown(header, tag)).toBe(true);
    },
  );

  it.each([undefined, '', '"one.8"', 'one.7', '"two.7"', '"*"', '"one.7'])(
    'with %s does not know it',
    (header) => {
      expect(isKnown(header, tag)).toBe(false);
    },
  );
});
