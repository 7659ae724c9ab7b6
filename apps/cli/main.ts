#!/usr/bin/env node
import 'reflect-metadata';
import { EXIT_CODE } from './exit-code';
import { flush } from './output';
import { report, runCommandLine } from './run';

// The reader of the output has closed it, as `head` does.
process.stdout.on('error', () => process.exit(EXIT_CODE.failed));

// Node would print the message and all properties of the error.
process.once('uncaughtException', (error) => void report(error).then((code) => process.exit(code)));

void runCommandLine(process.argv.slice(2)).then(async (exitCode) => {
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  // After a failed start, open connections would keep the process alive.
  process.exit(exitCode);
});
