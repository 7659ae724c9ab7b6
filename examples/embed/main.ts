import 'reflect-metadata';
import { env } from 'node:process';
import { createApp } from './create-app';

async function main(): Promise<void> {
  const { DATABASE_URL, REDIS_URL, REPORTS_SECRET, REPORTS_EDITORS, PORT } = env;
  if (!DATABASE_URL || !REDIS_URL || !REPORTS_SECRET) {
    throw new Error('Set DATABASE_URL, REDIS_URL and REPORTS_SECRET.');
  }
  const app = await createApp({
    databaseUrl: DATABASE_URL,
    redisUrl: REDIS_URL,
    secret: REPORTS_SECRET,
    editors: (REPORTS_EDITORS ?? '').split(',').filter(Boolean),
  });
  await app.listen(Number(PORT ?? 4000), '127.0.0.1');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
