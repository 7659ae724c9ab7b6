import { Module } from '@nestjs/common';
import { Canary } from './canary';

/** Measures how fast revocations reach every instance. */
@Module({ providers: [Canary] })
export class CanaryModule {}
