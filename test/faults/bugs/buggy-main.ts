import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import pino from 'pino';
import { AppModule } from '../../../apps/api/app.module';
import { fastifyAdapter, setUpHttp } from '../../../apps/api/app.setup';
import { PinoLogger } from '../../../apps/api/log/pino-logger';
import { loadSettings } from '../../../libs/config';
import { BUGS } from '.';

/** The API with the providers of a bug in place of its own. */
async function startBuggyApp(name: string): Promise<void> {
  const bug = BUGS[name];
  if (!bug) {
    throw new Error(`there is no bug called ${name}`);
  }
  const settings = await loadSettings();
  const logger = pino({ level: settings.logLevel });
  let building = Test.createTestingModule({ imports: [AppModule.forRoot(settings)] });
  for (const { provide, useClass } of bug.providers) {
    building = building.overrideProvider(provide).useClass(useClass);
  }
  const testing = await building.compile();
  const nest = testing.createNestApplication<NestFastifyApplication>(fastifyAdapter(logger), {
    bodyParser: false,
    logger: new PinoLogger(logger),
  });
  setUpHttp(nest);
  await nest.listen(settings.port, settings.host);
  process.once('disconnect', () => process.exit(0));
  process.once('SIGTERM', () => process.exit(0));
}

startBuggyApp(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  process.exit(1);
});
