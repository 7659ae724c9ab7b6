import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { awayReason, reasonOfError, reasonOfReply, type AwayReason } from './away-reason';
import { readLuaSource } from './lua-source';
import { modeOf, parseInfo } from './redis-server';

/** The type of a key; it determines the commands that are tried on it. */
export type ProbeKind = 'string' | 'hash' | 'zset';

/** The only command of the scripts that Redis 6.2 lacks. */
const NEWEST_COMMAND = 'pexpiretime';
const MIN_MAJOR_VERSION = 7;
const NEEDED = 'Use Redis 7.0 or later, or Valkey 8 or later.';

const { source: SOURCE } = readLuaSource(join(__dirname, 'scripts', 'probe.lua'));
const SHA = createHash('sha1').update(SOURCE).digest('hex');

/** The result of the script. */
type Attempt = [command: string, error: string, keyNumber: number];

/** Fields of INFO; null if the user may not run it. */
type ServerFields = ReadonlyMap<string, string> | null;

interface Failure {
  /** In lower case; with its subcommand, as ACL rules name it. */
  command: string;
  /** The part of a key before the user id, if access to the key is refused. */
  keys?: string;
  reason: AwayReason;
}

/** The keys to try. Their owner adds more as the product loads. */
export interface ProbeKeys {
  /** Keys that no other code uses, with the prefixes that the product uses, and their types. */
  readonly kinds: ReadonlyMap<string, ProbeKind>;
  /** The same key in a partition that this server has; null if it has none. */
  here(key: string): string | null;
  /** Whether the server is meant to be a node of a Cluster. */
  readonly isCluster?: boolean;
}

/**
 * Tests on a connection whether the server has, and permits, all that the product uses. So an unusable server is found
 * before a request needs it.
 */
export class ServerProbe {
  constructor(
    private readonly redis: Redis,
    private readonly keys: ProbeKeys,
  ) {}

  /** Number of registered keys. */
  get size(): number {
    return this.keys.kinds.size;
  }

  /**
   * Two round trips, one more if something is refused. Never rejects.
   * @returns why the server cannot be used; null if it can.
   */
  async run(): Promise<AwayReason | null> {
    const failures = await this.failures();
    if (failures.length === 0) {
      return null;
    }
    const reason = reasonFor(failures, await this.serverFields());
    return reason.code === 'cluster_node' && this.keys.isCluster
      ? awayReason('cluster_changing', reason.detail === undefined ? {} : { detail: reason.detail })
      : reason;
  }

  private async failures(): Promise<Failure[]> {
    // If the database does not exist, the connection would stay at number 0.
    const { db = 0 } = this.redis.options;
    if (db !== 0) {
      const refused = await this.failureOf('select', this.redis.select(db));
      if (refused) {
        return [refused];
      }
    }
    // The first use of a script on a connection sends EVAL, later uses EVALSHA.
    const refused = await this.failureOf('eval', this.redis.eval(SOURCE, 0));
    if (refused && !isOfPermission(refused)) {
      return [refused];
    }
    return [...(refused ? [refused] : []), ...(await this.attempts([...this.keys.kinds.keys()]))];
  }

  private async attempts(keys: string[]): Promise<Failure[]> {
    const kinds = keys.map((key) => this.keys.kinds.get(key) ?? 'string');
    const here = keys.flatMap((key) => this.keys.here(key) ?? []);
    const failures: Failure[] = [];
    if (here.length < keys.length) {
      return failures;
    }
    const refused = await this.failureOf(
      'evalsha',
      this.redis.evalsha(SHA, keys.length, ...here, ...kinds).then((reply) => {
        failures.push(...(reply as Attempt[]).map((attempt) => failureOfAttempt(attempt, keys)));
      }),
    );
    if (!refused || !isOfPermission(refused) || !isOfKeys(refused)) {
      return refused ? [refused] : failures;
    }
    if (keys.length === 1) {
      return [{ ...refused, keys: prefixOf(keys[0] ?? '') }];
    }
    return (await Promise.all(keys.map((key) => this.attempts([key])))).flat();
  }

  private async failureOf(command: string, sent: Promise<unknown>): Promise<Failure | null> {
    try {
      await sent;
      return null;
    } catch (error) {
      return { command, reason: reasonOfError(error as Error) };
    }
  }

  private async serverFields(): Promise<ServerFields> {
    try {
      return parseInfo(await this.redis.info('server'));
    } catch {
      return null;
    }
  }
}

function failureOfAttempt([name, text, keyNumber]: Attempt, keys: readonly string[]): Failure {
  // Redis 6.2 begins with the line of the script, and has no code.
  const said = text.replace(/^@user_script: ?\d+: /, '');
  const reason = reasonOfReply(/^[A-Z]+ /.test(said) ? said : `ERR ${said}`);
  const failure = {
    command: name.toLowerCase(),
    reason: reason ?? awayReason('missing_command', { detail: said }),
  };
  return isOfPermission(failure) && isOfKeys(failure)
    ? { ...failure, keys: prefixOf(keys[keyNumber - 1] ?? '') }
    : failure;
}

function isOfPermission({ reason }: Failure): boolean {
  return reason.code === 'missing_permission';
}

function isOfKeys({ reason }: Failure): boolean {
  return /\bkeys?\b/.test(reason.detail ?? '');
}

/** `session:{` of `session:{probe}`, for an ACL rule. */
function prefixOf(key: string): string {
  return key.replace(/\{?probe.*$/, '');
}

/** Of several reasons, the one to be removed first. */
function reasonFor(failures: readonly Failure[], server: ServerFields): AwayReason {
  if (server && modeOf(server) === 'sentinel') {
    return awayReason('sentinel');
  }
  const unknown = failures.filter(({ reason }) => reason.code === 'missing_command');
  if (unknown.length > 0) {
    return missingCommands(namesOf(unknown), server);
  }
  const other = failures.find((failure) => !isOfPermission(failure));
  return other?.reason ?? missingPermissions(failures);
}

function missingCommands(commands: readonly string[], server: ServerFields): AwayReason {
  const names = commands.map((name) => name.toUpperCase()).join(', ');
  const version = server?.get('redis_version');
  if (version !== undefined && Number.parseInt(version, 10) < MIN_MAJOR_VERSION) {
    return awayReason('too_old', { message: `Redis ${version} is too old. ${NEEDED}` });
  }
  if (version === undefined && commands.every((name) => name === NEWEST_COMMAND)) {
    const message = `Redis is older than 7.0: it lacks ${names}. ${NEEDED}`;
    return awayReason('too_old', { message });
  }
  return awayReason('missing_command', {
    message: `Redis lacks ${names}. Do not rename or disable required commands.`,
  });
}

function missingPermissions(failures: readonly Failure[]): AwayReason {
  const commands = namesOf(failures.filter(({ keys }) => keys === undefined));
  const keys = [...new Set(failures.flatMap((failure) => failure.keys ?? []))];
  const rules = [...commands.map((name) => `+${name}`), ...keys.map((prefix) => `~${prefix}*`)];
  return awayReason('missing_permission', {
    message: `The Redis user of REDIS_URL lacks permissions. Grant it ${rules.join(' ')}.`,
  });
}

function namesOf(failures: readonly Failure[]): string[] {
  return [...new Set(failures.map(({ command }) => command))];
}
