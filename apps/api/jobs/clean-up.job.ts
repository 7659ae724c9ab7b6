import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Settings } from '#libs/config';
import { CleanUp } from '../../clean-up';

/** Cleans up every hour. On every replica: what one has removed the next does not find. */
@Injectable()
export class CleanUpJob {
  private readonly logger = new Logger('CleanUp');

  constructor(
    private readonly cleanUp: CleanUp,
    private readonly settings: Settings,
  ) {}

  @Cron(CronExpression.EVERY_HOUR, { name: 'clean-up', waitForCompletion: true })
  async run(): Promise<void> {
    if (!this.settings.jobsEnabled) {
      return;
    }
    const beganMs = performance.now();
    try {
      const cleanedUp = await this.cleanUp.run();
      const durationMs = Math.round(performance.now() - beganMs);
      this.logger.log({ ...cleanedUp, durationMs }, 'cleaned up');
    } catch (error) {
      this.logger.error({ err: error }, 'the clean-up failed; the next one goes on');
    }
  }
}
