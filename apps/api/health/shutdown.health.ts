import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { HttpTraffic } from '../lifecycle/http-traffic';

/** Fails once the process has begun to stop. It still serves then, but is not ready. */
@Injectable()
export class ShutdownHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly traffic: HttpTraffic,
  ) {}

  get isUnderWay(): boolean {
    return this.traffic.isEnding;
  }

  check() {
    return this.indicators.check('shutdown').down('The process is shutting down.');
  }
}
