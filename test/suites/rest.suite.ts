import { describeOtherSpecs } from '../support/spec-files';

describeOtherSpecs();
