import { specFiles } from './spec-files';
import { unknownTurns } from './turns';

describe('spec files that take turns', () => {
  it('exist', () => {
    expect(unknownTurns(specFiles())).toEqual([]);
  });
});
