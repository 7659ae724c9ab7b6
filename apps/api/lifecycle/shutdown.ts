import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '#libs/config';
import { errorText } from '#libs/log';
import { HttpTraffic } from './http-traffic';
import type { StopRequest } from './stop-request';

type ShutdownTimes = Pick<Settings, 'shutdownDelaySeconds' | 'shutdownTimeoutSeconds'>;

/** The way from serving to the end of the process. */
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
   * Ends the process: with code 0 when everything was finished, with 1 when something took longer
   * than it may. Asked again, it goes on as it was.
   */
  begin(request: StopRequest): void {
    if (this.begun) {
      return;
    }
    this.begun = true;
    this.run(request).then(
      () => process.exit(0),
      (error: unknown) => {
        this.logger.error(`could not stop in order: ${errorText(error)}; exiting with code 1`);
        process.exit(1);
      },
    );
  }

  private async run({ reason, isUrgent }: StopRequest): Promise<void> {
    const delaySeconds = isUrgent ? 0 : this.times.shutdownDelaySeconds;
    this.traffic.drain();
    this.logger.log(
      `stopping (${reason}): not ready any more, serving for another ${delaySeconds} s`,
    );
    await pause(delaySeconds * 1000);
    this.limit();
    this.logger.log(`taking no more connections, requests to finish: ${this.traffic.openRequests}`);
    await this.traffic.end();
    await this.app.close();
    this.logger.log('stopped');
  }

  /** Whatever holds the process after its delay does so for `shutdownTimeoutSeconds` at most. */
  private limit(): void {
    const { shutdownTimeoutSeconds } = this.times;
    setTimeout(() => {
      const { openConnections, openRequests } = this.traffic;
      const holder =
        openConnections > 0
          ? `connections ${openConnections}, unfinished requests ${openRequests}`
          : 'a store does not let go';
      this.logger.error(
        `not stopped within ${shutdownTimeoutSeconds} s (${holder}): exiting anyway, with code 1`,
      );
      process.exit(1);
    }, shutdownTimeoutSeconds * 1000);
  }
}
