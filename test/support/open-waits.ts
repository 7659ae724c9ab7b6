import { endOpenWaits } from './until';

// Jest runs this file before each file of tests. Both hooks run after those of the file.
afterEach(endOpenWaits);
afterAll(endOpenWaits);
