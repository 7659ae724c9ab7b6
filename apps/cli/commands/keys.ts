import type { Command } from 'commander';
import type { KeyChangeOptions } from '../actions/keys';
import type { OutputOptions } from '../output';
import { jsonOption } from './json-option';

const KID = 'key id as listed by `latchkey keys list`';

export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .summary('manage the keys that sign tokens')
    .description(
      'Manage the ES256 keys in JWT_KEYS_DIR. Needs no store. Running servers apply a change within seconds.',
    );
  keys
    .command('add')
    .summary('publish a new key')
    .description(
      'Create a key and publish it: servers accept its tokens, and it does not sign yet. The first key of a ' +
        'directory becomes active immediately.',
    )
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { addSigningKey } = await import('../actions/keys.js');
      await addSigningKey(options);
    });
  keys
    .command('activate')
    .summary('sign with a published key')
    .description(
      'Sign with a published key instead of the active one, which still verifies. Refused in the first 10 ' +
        'minutes after its publication: until then servers and caches may lack it.',
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
    .summary('list the keys, the active one first')
    .description(
      'List the keys, the active one first, then the newest: published (accepted, has not signed), signing or ' +
        'retiring (has signed, is accepted), since when, and when the next step is possible. A retiring key can be ' +
        'retired by the JWT_EXPIRES_IN of this command.',
    )
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const { listSigningKeys } = await import('../actions/keys.js');
      listSigningKeys(options);
    });
  keys
    .command('retire')
    .summary('remove a key that no longer signs')
    .description(
      'Remove a key: its tokens are refused from then on. Refused for the active key, and for a key whose ' +
        'tokens may still be valid: until JWT_EXPIRES_IN and 10 minutes after another key took over. Run it with the ' +
        'JWT_EXPIRES_IN of the servers.',
    )
    .argument('<kid>', KID)
    .option('--now', 'remove it even while its tokens may be valid, for example after a theft')
    .addOption(jsonOption())
    .action(async (kid: string, options: KeyChangeOptions) => {
      const { retireSigningKey } = await import('../actions/keys.js');
      await retireSigningKey(kid, options);
    });
}
