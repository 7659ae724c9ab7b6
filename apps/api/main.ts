import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import {
  isThreadPoolBelowEventLoop,
  parsePostgresUrl,
  putThreadPoolBelowEventLoop,
} from '#libs/common';
import { loadSettings, type Settings } from '#libs/config';
import { startTracing } from '#libs/tracing';
import { VERSION } from '../version';
import { checkSettings } from './check-settings';
import { Shutdown } from './lifecycle/shutdown';
import { onStopRequest, type StopRequest } from './lifecycle/stop-request';
import { logOutput } from './log/log-output';
import { createLogger } from './log/logger';
import { PinoLogger } from './log/pino-logger';
import { logProcessOutput } from './log/process-output';
import { endFailedStart } from './log/start-failure';

async function main(): Promise<void> {
  putThreadPoolBelowEventLoop();
  const settings = loadSettings();
  if (settings.tracing) {
    const { tracing, publicPath } = settings;
    startTracing({ ...tracing, publicPath, serviceVersion: VERSION });
  }
  const pinoLogger = createLogger(settings.logLevel, await logOutput(settings.logFormat));
  logProcessOutput(pinoLogger);
  Logger.overrideLogger(new PinoLogger(pinoLogger));
  await checkSettings(settings);
  if (process.argv.includes('--check-settings')) {
    return;
  }
  // Loaded here, because tracing must start before the modules that it traces, and a wrong setting needs none of them.
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { waitForPostgres } = require('#libs/database') as typeof import('#libs/database');
  const { createApp } = require('./app.setup') as typeof import('./app.setup');
  /* eslint-enable */
  warnAboutInsecureSettings(settings);
  if (!isThreadPoolBelowEventLoop()) {
    Logger.log(
      'thread priorities are unavailable: password hashing uses one processor less',
      'Start',
    );
  }
  let stop = endBeforeStart;
  onStopRequest((request) => stop(request));
  await waitForPostgres(settings.databaseUrl, settings.startTimeoutSeconds * 1000);
  const app = await createApp(settings, pinoLogger);
  await app.listen(settings.port, settings.host);
  const shutdown = new Shutdown(app, settings);
  stop = (request) => shutdown.begin(request);
}

/** Warns about insecure settings that an operator may have chosen on purpose. */
function warnAboutInsecureSettings({ production, databaseUrl, redisUrl }: Settings): void {
  if (!production) {
    return;
  }
  if (process.getuid?.() === 0) {
    Logger.warn('the process runs as root: run it as a user without privileges', 'Start');
  }
  Object.entries({
    DATABASE_URL: parsePostgresUrl(databaseUrl).password,
    REDIS_URL: new URL(redisUrl).password,
  })
    .filter(([, password]) => !password)
    .forEach(([name]) =>
      Logger.warn(
        `${name} has no password: every host that reaches the store can read and change it`,
        'Start',
      ),
    );
}

function endBeforeStart({ reason }: StopRequest): void {
  Logger.log(`stopped during the start (${reason})`, 'Shutdown');
  process.exit(0);
}

// One turn later, so that the log is written first.
main().catch((error: unknown) => setImmediate(() => endFailedStart(error)));
