import type { Command } from 'commander';
import type { KeyChangeOptions } from '../actions/keys';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

const KID = 'as `latchkey keys list` shows it';

export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .summary('manage the keys that sign tokens')
    .description(
      'Manage the ES256 keys in JWT_KEYS_DIR. Needs no store; running servers follow within seconds.',
    );
  keys
    .command('add')
    .summary('publish a new key')
    .description(
      'Make a key and publish it: servers accept its tokens, and it does not sign yet. The first key of a ' +
        'directory signs at once.',
    )
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { addSigningKey } = await import('../actions/keys.js');
      await addSigningKey(options);
    });
  keys
    .command('activate')
    .summary('let a published key sign')
    .description(
      'Let a published key sign in place of the active one, which goes on verifying. Refused in the first 10 ' +
        'minutes after its publication: until then servers and caches may not know it.',
    )
    .argument('<kid>', KID)
    .option('--now', 'skip the propagation time')
    .addOption(jsonOption())
    .action(async (kid: string, options: KeyChangeOptions) => {
      const { activateSigningKey } = await import('../actions/keys.js');
      await activateSigningKey(kid, options);
    });
  keys
    .command('list')
    .summary('list the keys, the one that signs first')
    .description('List the keys, the one that signs first, then the newest.')
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { listSigningKeys } = await import('../actions/keys.js');
      listSigningKeys(options);
    });
  keys
    .command('retire')
    .summary('remove a key that does not sign any more')
    .description(
      'Remove a key: its tokens are refused from then on. Refused for the key that signs, and for one whose ' +
        'tokens may still be valid: JWT_EXPIRES_IN after another key was activated. Run it with the JWT_EXPIRES_IN of ' +
        'the servers.',
    )
    .argument('<kid>', KID)
    .option('--now', 'also while its tokens may be valid, as after a theft')
    .addOption(jsonOption())
    .action(async (kid: string, options: KeyChangeOptions) => {
      const { retireSigningKey } = await import('../actions/keys.js');
      await retireSigningKey(kid, options);
    });
}
