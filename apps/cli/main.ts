#!/usr/bin/env node
import 'reflect-metadata';
import { Command } from 'commander';
import { loadDatabaseUrl, SettingsError } from '#libs/config';
import { runMigrations } from '#libs/database';

const program = new Command('latchkey').description('Operate a Latchkey installation');

program
  .command('migrate')
  .description("bring the database's tables up to date (uses DATABASE_URL)")
  .action(async () => {
    const ran = await runMigrations(await loadDatabaseUrl());
    const text = ran.length > 0 ? `applied ${ran.join(', ')}` : 'nothing to do';
    process.stdout.write(`migrate: ${text}\n`);
  });

program.parseAsync().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  const text = error instanceof SettingsError ? reason : `latchkey: ${reason}`;
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
});
