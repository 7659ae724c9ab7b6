import { someOf } from '../support/long-tests';
import { expectPromisesKept, underLoad, useCluster } from './scenario';
import { cutOffRedis, killConnections, pauseRedis, suspendRedis, type Script } from './scripts';

describe('while Redis does not answer, every request is answered and no change is lost', () => {
  const cluster = useCluster();

  const HANGS: [string, Script][] = [
    ['its process is stopped', suspendRedis],
    ['the network hangs', cutOffRedis('hang')],
    ['its clients are paused for longer than a deadline', pauseRedis(1_500)],
  ];
  const CUTS: [string, Script][] = [
    ['its clients are paused for less than a deadline', pauseRedis(200)],
    ['it ended every connection', killConnections],
    ['connections are cut', cutOffRedis('cut')],
    ['connections are half-open', cutOffRedis('lose')],
  ];
  const TO_ONE_INSTANCE: [string, Script][] = [
    ['its connections to one instance alone are cut', cutOffRedis('cut', ['a'])],
    ['its network to one instance alone hangs', cutOffRedis('hang', ['a'])],
    ['its connections to one instance alone are half-open', cutOffRedis('lose', ['a'])],
  ];

  it.each([...someOf(HANGS, 1), ...someOf(CUTS, 2), ...someOf(TO_ONE_INSTANCE, 1)])(
    'because %s',
    async (_how, script) => {
      expectPromisesKept(await underLoad(cluster(), script), cluster());
    },
  );
});
