import { describePart } from '../support/spec-files';

describePart(1, 3, 'test/e2e');
