import { describeSpecs } from '../support/spec-files';

describeSpecs('test/e2e');
