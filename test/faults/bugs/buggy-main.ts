import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../../apps/api/app.module';
import { fastifyAdapter, setUpHttp } from '../../../apps/api/app.setup';
import { createLogger } from '../../../apps/api/log/logger';
import { PinoLogger } from '../../../apps/api/log/pino-logger';
import { loadSettings, type Settings } from '../../../libs/config';
import { mistakeCalled } from '.';

/** Sent by the test: continue with another bug. */
export interface Planting {
  plantBug: string;
}

/** The API with the provider of a bug in place of its own, and with another one on request. */
async function main(): Promise<void> {
  const settings = loadSettings();
  let app = await start(settings, process.argv[2] ?? '');
  process.on('message', (message: Partial<Planting>) => {
    const { plantBug } = message;
    if (plantBug !== undefined) {
      app
        .close()
        .then(async () => (app = await start(settings, plantBug)))
        .then(() => process.send?.({ plantBug }), fail);
    }
  });
  process.once('disconnect', () => process.exit(0));
  process.once('SIGTERM', () => process.exit(0));
}

async function start(settings: Settings, name: string): Promise<NestFastifyApplication> {
  const bug = mistakeCalled(name);
  const logger = createLogger(settings.logLevel);
  const testing = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] })
    .overrideProvider(bug.provide)
    .useClass(bug.useClass)
    .compile();
  const nest = testing.createNestApplication<NestFastifyApplication>(
    fastifyAdapter(logger, settings),
    {
      bodyParser: false,
      logger: new PinoLogger(logger),
    },
  );
  setUpHttp(nest);
  await nest.listen(settings.port, settings.host);
  return nest;
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);
