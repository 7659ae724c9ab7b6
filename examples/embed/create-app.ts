import { ValidationPipe, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { runMigrations } from '@latchkey/modules/database';
import { AppModule, type ReportsSettings } from './app.module';

/** Brings Latchkey's tables up to date, and builds the application, ready to listen. */
export async function createApp(
  settings: ReportsSettings,
  options: NestApplicationOptions = {},
): Promise<NestFastifyApplication> {
  await runMigrations(settings.databaseUrl);
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings),
    new FastifyAdapter(),
    options,
  );
  app.useGlobalPipes(new ValidationPipe({ whitelist: true }));
  app.enableShutdownHooks();
  return app;
}
