import { describePart } from '../support/spec-files';

describePart(2, 3, 'test/e2e');
