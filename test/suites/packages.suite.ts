import { describeSpecs } from '../support/spec-files';

describeSpecs('test/packages');
