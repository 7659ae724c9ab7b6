import { buildOnce } from '../support/build';
import { expectOneSentence, runCli, type CliAnswer } from '../support/cli';

/** No settings: help and wrong usage need none. */
function latchkey(...args: string[]): Promise<CliAnswer> {
  return runCli(args, {});
}

beforeAll(buildOnce, 120_000);

describe('help', () => {
  it('lists every command, the exit codes, and where settings come from', async () => {
    const { exitCode, stdout } = await latchkey('--help');
    expect(exitCode).toBe(0);
    for (const command of [
      'migrate',
      'users grant-role <email> <role>',
      'users import [file]',
      'users show <user>',
      'users list',
      'users create <email>',
      'users disable <user>',
      'users enable <user>',
      'users delete <user>',
      'invitations create',
      'invitations list',
      'invitations delete <id>',
      'users events <user>',
      'sessions list <email>',
      'sessions revoke <email>',
      'clean-up',
      'redis-check',
      'stats',
      'keys add',
      'keys activate <kid>',
      'keys list',
      'keys retire <kid>',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command.replace(/[[\]]/g, '\\$&')} {2,}\\w`, 'm'));
    }
    expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 /);
    expect(stdout).toContain('.env.example');
  });

  it.each([
    'migrate',
    'users grant-role',
    'users import',
    'users show',
    'users list',
    'users create',
    'users disable',
    'users enable',
    'users delete',
    'invitations create',
    'invitations list',
    'invitations delete',
    'users events',
    'sessions list',
    'sessions revoke',
    'clean-up',
    'redis-check',
    'stats',
    'keys add',
    'keys activate',
    'keys list',
    'keys retire',
  ])('explains %s', async (command) => {
    const { exitCode, stdout } = await latchkey(...command.split(' '), '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: latchkey ${command} `);
    expect(stdout).toContain('--json');
    expect(stdout).toContain('Exit codes:');
  });

  it('lists the commands of a group', async () => {
    const { stdout } = await latchkey('help', 'sessions');
    expect(stdout).toMatch(/^ {2}sessions list .*\n {2}sessions revoke /m);
  });
});

describe('wrong usage', () => {
  it.each([
    ['an unknown command', ['frobnicate']],
    ['an unknown command of a group', ['sessions', 'lst']],
    ['an unknown option', ['stats', '--xml']],
    ['a missing argument', ['sessions', 'list']],
    ['an argument too many', ['stats', 'today']],
    ['a limit that is no number', ['users', 'events', 'ada@example.com', '--limit', 'all']],
    ['two states at once', ['users', 'list', '--disabled', '--enabled']],
    ['an end without a zone', ['users', 'disable', 'ada@example.com', '--until', '2999-01-01']],
    ['an endless invitation', ['invitations', 'create', '--expires-in', '91d']],
    ['an unknown role', ['users', 'grant-role', 'ada@example.com', 'emperor']],
  ])('exits with 2 for %s', async (_what, args) => {
    const answer = await latchkey(...args);
    expect(answer.exitCode).toBe(2);
    expectOneSentence(answer);
  });

  it('lists the roles', async () => {
    const { stderr } = await latchkey('users', 'grant-role', 'ada@example.com', 'emperor');
    expect(stderr).toMatch(/emperor.*user, admin/);
  });

  it('prints the help on standard error when the command is missing', async () => {
    const { exitCode, stdout, stderr } = await latchkey();
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: latchkey');
  });
});
