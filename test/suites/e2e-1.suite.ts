import { describePart } from '../support/spec-files';

describePart(0, 3, 'test/e2e');
