import { describePart } from '../support/spec-files';

describePart(0, 2, 'test/asvs');
