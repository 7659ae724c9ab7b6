import 'reflect-metadata';
import { loadSettings, SettingsError, type Settings } from '#libs/config';
import { createApp } from './app.setup';

async function main(): Promise<void> {
  const settings = await readSettings();
  const app = await createApp(settings);
  // Whoever started us through a channel is gone when it closes: do not outlive them.
  process.once('disconnect', () => void app.close().finally(() => process.exit(0)));
  await app.listen(settings.port, settings.host);
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
