import { satisfies } from '../../tools/local/node-version.mjs';

const RANGE = '^20.19.0 || ^22.12.0 || >=24.0.0';

describe('the Node of this process', () => {
  it.each(['20.19.0', '20.20.2', '22.12.0', '24.0.0', '26.3.1'])('may be %s', (version) => {
    expect(satisfies(version, RANGE)).toBe(true);
  });

  it.each(['18.20.0', '20.18.3', '21.7.0', '22.11.9', '23.9.0'])('may not be %s', (version) => {
    expect(satisfies(version, RANGE)).toBe(false);
  });
});
