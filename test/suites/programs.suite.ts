import { describeSpecs } from '../support/spec-files';

describeSpecs('test/cli', 'test/deploy');
