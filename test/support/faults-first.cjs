'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');

/** The suite of the faults lasts longest and waits most: it starts first, and the others run beside it. */
module.exports = class FaultsFirst extends Sequencer {
  /**
   * @override
   * @param {import('@jest/test-result').Test[]} tests
   */
  async sort(tests) {
    /** @param {import('@jest/test-result').Test} test */
    const isOfFaults = ({ path }) => path.endsWith('faults.suite.ts');
    const others = tests.filter((test) => !isOfFaults(test));
    return [...tests.filter(isOfFaults), ...(await super.sort(others))];
  }
};
