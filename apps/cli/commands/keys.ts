import type { Command } from 'commander';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .summary('manage the keys that sign tokens')
    .description('Manage the keys that sign tokens.');
  keys
    .command('rotate')
    .summary('let a new key sign')
    .description(
      'Make a new ES256 key in JWT_KEYS_DIR and let it sign; makes the first one too. Running ' +
        'servers follow within seconds. Earlier keys go on verifying until you remove their ' +
        'files. Needs no store.',
    )
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { rotateKeys } = await import('../actions/rotate-keys.js');
      await rotateKeys(options);
    });
}
