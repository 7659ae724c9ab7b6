import { InternalError } from '#libs/common';
import { errorText } from '#libs/log';

/** Why Redis cannot be used, although it may answer. Stable: alerts match on the codes. */
export type AwayCode =
  | 'unreachable'
  | 'certificate_refused'
  | 'client_certificate_refused'
  | 'credentials_refused'
  | 'too_many_clients'
  | 'missing_permission'
  | 'missing_command'
  | 'too_old'
  | 'sentinel'
  | 'no_sentinel'
  | 'sentinel_refused'
  | 'master_unknown'
  | 'replica'
  | 'cluster_node'
  | 'cluster_changing'
  | 'wrong_database'
  | 'out_of_memory'
  | 'persistence_failing'
  | 'too_few_replicas'
  | 'loading'
  | 'busy';

/** One cause and its remedy. Holds no user name, no address and no key. */
export interface AwayReason {
  readonly code: AwayCode;
  /** One sentence. */
  readonly message: string;
  /** Error text of the server or the system, and the nodes of a Cluster, for the log. */
  readonly detail?: string;
}

/** Redis answers but cannot be used, or the connection failed for a reason that an operator can remove. */
export class RedisAwayError extends InternalError {
  constructor(readonly reason: AwayReason) {
    super(reason.detail ?? reason.message);
  }
}

const MESSAGES: Record<AwayCode, string> = {
  unreachable: 'Redis does not answer.',
  certificate_refused:
    'The TLS certificate of the server is not trusted, or names another host. ' +
    'Set REDIS_CA_FILE to a file with the certificate of its authority.',
  client_certificate_refused:
    'Redis does not accept the client certificate, or asks for one. ' +
    'Set REDIS_CERT_FILE and REDIS_KEY_FILE to a certificate that it accepts.',
  credentials_refused:
    'Redis refuses the user name or password. Correct them in REDIS_URL, or enable the user.',
  too_many_clients: 'Redis has no free connection. Raise maxclients.',
  missing_permission: 'The Redis user of REDIS_URL lacks permissions.',
  missing_command: 'Redis lacks a required command. Enable it, or use Redis 7.0 or later.',
  too_old: 'Redis is older than 7.0. Use Redis 7.0 or later, or Valkey 8 or later.',
  sentinel:
    'REDIS_URL names a Redis Sentinel. ' +
    'Use the address of the master that it watches, or set REDIS_SENTINELS.',
  no_sentinel: 'No Redis Sentinel answers. Check REDIS_SENTINELS and REDIS_SENTINEL_TLS.',
  sentinel_refused:
    'The Redis Sentinels refuse the user name or password. ' +
    'Correct REDIS_SENTINEL_USER and REDIS_SENTINEL_PASSWORD.',
  master_unknown:
    'The Redis Sentinels know no master of the name in REDIS_SENTINEL_NAME. Correct the name.',
  replica: 'Redis is a read-only replica; Postgres answers. Use the address of the master.',
  cluster_node:
    'Redis is a node of a Redis Cluster; Postgres answers. ' +
    'Set REDIS_CLUSTER_NODES to the addresses of its nodes.',
  cluster_changing:
    'A node of the Redis Cluster does not have its slots, or the Cluster lacks a master; ' +
    'Postgres answers for the users concerned.',
  wrong_database:
    'Redis does not have the database whose number ends REDIS_URL. Use 0, or raise databases.',
  out_of_memory:
    'Redis has reached maxmemory and refuses changes; Postgres answers. Give it more memory.',
  persistence_failing:
    'Redis cannot write to its disk and refuses changes; Postgres answers. Repair the disk.',
  too_few_replicas:
    'Redis has fewer replicas than min-replicas-to-write and refuses changes; Postgres answers.',
  loading: 'Redis is loading its data; Postgres answers.',
  busy: 'Redis runs a script that does not end; Postgres answers. Stop it by SCRIPT KILL.',
};

/** The reason for a code. `message` replaces the text of the table. */
export function awayReason(
  code: AwayCode,
  { message = MESSAGES[code], detail }: { message?: string; detail?: string } = {},
): AwayReason {
  return detail === undefined ? { code, message } : { code, message, detail };
}

/**
 * Error replies by which the server refuses a command that it is unable or not allowed to run. The text of replies that
 * begin with ERR depends on the version, and on whether a script runs the command.
 */
const REPLIES: readonly (readonly [RegExp, AwayCode])[] = [
  [/^(NOAUTH|WRONGPASS)\b/, 'credentials_refused'],
  [/^(NOPERM\b|ERR The user executing the script can't )/, 'missing_permission'],
  [/^ERR ACL failure in script/, 'missing_permission'],
  [/^ERR unknown (sub)?command\b/i, 'missing_command'],
  [/^ERR (.*@user_script: ?\d+: )?Unknown Redis command called from/i, 'missing_command'],
  [/^READONLY\b/, 'replica'],
  [/^(MOVED|ASK|TRYAGAIN|CROSSSLOT|CLUSTERDOWN)\b/, 'cluster_node'],
  [/^ERR (DB index|invalid DB index|SELECT is not allowed)/i, 'wrong_database'],
  [/^OOM\b/, 'out_of_memory'],
  [/^MISCONF\b/, 'persistence_failing'],
  [/^NOREPLICAS\b/, 'too_few_replicas'],
  [/^(LOADING|MASTERDOWN)\b/, 'loading'],
  [/^(BUSY|UNKILLABLE|ERR Script killed)\b/, 'busy'],
  [/^ERR max number of clients/, 'too_many_clients'],
  [/^DENIED\b/, 'credentials_refused'],
];

/**
 * @param text of an error reply.
 * @returns null for a reply that is a fault of the caller, such as WRONGTYPE or an error of a script.
 */
export function reasonOfReply(text: string): AwayReason | null {
  const found = REPLIES.find(([pattern]) => pattern.test(text));
  return found ? awayReason(found[1], { detail: firstClause(text) }) : null;
}

/** The rest of the text of an unknown command repeats its arguments, which are keys and data. */
function firstClause(text: string): string {
  return text
    .replace(/,? with args beginning with[^]*$/, '')
    .replace(/ script: [0-9a-f]{40}[^]*$/, '');
}

const CERTIFICATE_CODES =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF))/;

/** Alerts by which a server refuses the certificate of a client, or misses it. */
const CLIENT_CERTIFICATE_CODES = /^ERR_SSL_.*_ALERT_(.*CERTIFICATE|UNKNOWN_CA)/;

/** The reason of a failed connection, or of a reply during its setup. */
export function reasonOfError(error: Error & { code?: unknown }): AwayReason {
  if (typeof error.code === 'string' && CERTIFICATE_CODES.test(error.code)) {
    return awayReason('certificate_refused', { detail: errorText(error) });
  }
  if (typeof error.code === 'string' && CLIENT_CERTIFICATE_CODES.test(error.code)) {
    return awayReason('client_certificate_refused', { detail: errorText(error) });
  }
  return reasonOfReply(error.message) ?? awayReason('unreachable', { detail: errorText(error) });
}

/** A master without its replicas may be cut off from them and from the Sentinels, which have chosen another. */
const MOVED: ReadonlySet<AwayCode> = new Set([
  'replica',
  'too_few_replicas',
  'sentinel',
  'too_old',
  'wrong_database',
]);

/** Whether the address may lead to another server by now, such as a new master. */
export function mayHaveMoved({ code }: AwayReason): boolean {
  return MOVED.has(code);
}
