import { describePart } from '../support/spec-files';

describePart(1, 2, 'test/asvs');
