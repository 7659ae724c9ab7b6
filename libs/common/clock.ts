import { Global, Injectable, Module } from '@nestjs/common';

/**
 * The only source of the current time for rules about sessions and tokens. Abstract so that a test
 * can move it: nothing that decides about expiry reads the wall clock by itself.
 */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. */
  abstract nowMs(): number;
}

/** The clock of the machine. */
@Injectable()
export class SystemClock extends Clock {
  nowMs(): number {
    return Date.now();
  }
}

/** Makes `Clock` injectable everywhere. Global, so that overriding it once moves time for all. */
@Global()
@Module({ providers: [{ provide: Clock, useClass: SystemClock }], exports: [Clock] })
export class ClockModule {}
