import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '#libs/config';
import { errorText } from '#libs/log';
import { HttpTraffic } from './http-traffic';
import type { StopRequest } from './stop-request';

type ShutdownTimes = Pick<Settings, 'shutdownDelaySeconds' | 'shutdownTimeoutSeconds'>;

/** The steps from serving to the end of the process. */
export class Shutdown {
  private readonly logger = new Logger('Shutdown');
  private readonly traffic: HttpTraffic;
  private begun = false;

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly times: ShutdownTimes,
  ) {
    this.traffic = app.get(HttpTraffic);
  }

  /**
   * Ends the process: with code 0 after a complete shutdown, with code 1 when a step exceeds its timeout. Repeated
   * calls change nothing.
   */
  begin(request: StopRequest): void {
    if (this.begun) {
      return;
    }
    this.begun = true;
    this.run(request).then(
      () => process.exit(0),
      (error: unknown) => {
        this.logger.error(`the shutdown failed: ${errorText(error)}; exiting with code 1`);
        process.exit(1);
      },
    );
  }

  private async run({ reason, isUrgent }: StopRequest): Promise<void> {
    const delaySeconds = isUrgent ? 0 : this.times.shutdownDelaySeconds;
    this.traffic.drain();
    this.logger.log(
      `stopping (${reason}): readiness fails, requests are served for another ${delaySeconds} s`,
    );
    await pause(delaySeconds * 1000);
    this.limit();
    this.logger.log(`the listener is closed, requests in flight: ${this.traffic.openRequests}`);
    await this.traffic.end();
    await this.app.close();
    this.logger.log('stopped');
  }

  /** Ends the process `shutdownTimeoutSeconds` after the delay, even if a step has not finished. */
  private limit(): void {
    const { shutdownTimeoutSeconds } = this.times;
    setTimeout(() => {
      const { openConnections, openRequests } = this.traffic;
      const holder =
        openConnections > 0
          ? `connections ${openConnections}, unfinished requests ${openRequests}`
          : 'a connection to a store does not close';
      this.logger.error(
        `not stopped within ${shutdownTimeoutSeconds} s (${holder}): exiting with code 1`,
      );
      process.exit(1);
    }, shutdownTimeoutSeconds * 1000);
  }
}
