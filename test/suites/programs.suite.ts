import { describeSpecs } from '../support/spec-files';

describeSpecs('test/start', 'test/cli', 'test/deploy');
