import { shareCluster } from '../faults/scenario';
import { describeSpecs } from '../support/spec-files';

shareCluster();
describeSpecs('test/faults');
