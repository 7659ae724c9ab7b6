import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { loadSettings, SettingsError, type Settings } from '#libs/config';
import { waitForPostgres } from '#libs/database';
import { createApp } from './app.setup';
import { Shutdown } from './lifecycle/shutdown';
import { onStopRequest, type StopRequest } from './lifecycle/stop-request';
import { logOutput } from './log/log-output';
import { createLogger } from './log/logger';
import { PinoLogger } from './log/pino-logger';

async function main(): Promise<void> {
  const settings = await readSettings();
  const pinoLogger = createLogger(settings.logLevel, await logOutput(settings.logFormat));
  Logger.overrideLogger(new PinoLogger(pinoLogger));
  let stop = endBeforeStart;
  onStopRequest((request) => stop(request));
  await waitForPostgres(settings.databaseUrl, settings.startTimeoutSeconds * 1000);
  const app = await createApp(settings, pinoLogger);
  await app.listen(settings.port, settings.host);
  const shutdown = new Shutdown(app, settings);
  stop = (request) => shutdown.begin(request);
}

function endBeforeStart({ reason }: StopRequest): void {
  Logger.log(`stopped before the start was complete (${reason})`, 'Shutdown');
  process.exit(0);
}

async function readSettings(): Promise<Settings> {
  try {
    return await loadSettings();
  } catch (error) {
    if (error instanceof SettingsError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    }
    throw error;
  }
}

main().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`Latchkey could not start: ${reason}\n`);
  process.exit(1);
});
