import { BUGS } from './bugs';
import { itFindsEach } from './find-bugs';

describe('a bug in the instances is found:', () => {
  itFindsEach(BUGS);
});
