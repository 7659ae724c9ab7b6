import { Global, Injectable, Module } from '@nestjs/common';

/**
 * The only source of the current time for rules about sessions and tokens. Abstract, so that tests can set it: no rule
 * about expiry reads the system clock directly.
 */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. */
  abstract nowMs(): number;
}

/** The system clock. */
@Injectable()
export class SystemClock extends Clock {
  nowMs(): number {
    return Date.now();
  }
}

/** Provides `Clock` globally: one override sets the time for all modules. */
@Global()
@Module({ providers: [{ provide: Clock, useClass: SystemClock }], exports: [Clock] })
export class ClockModule {}
