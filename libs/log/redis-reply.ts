/** The first word of an error reply. */
const CODE = /^[A-Z][A-Z0-9]*(?= |$)/;

/** Replies whose text never quotes an argument. For other replies the code must do. */
const WITHOUT_DATA = new Set([
  'ASK',
  'BUSY',
  'CLUSTERDOWN',
  'CROSSSLOT',
  'EXECABORT',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOPERM',
  'NOREPLICAS',
  'NOSCRIPT',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNKILLABLE',
  'WRONGPASS',
  'WRONGTYPE',
]);

/** The position in a script: `@user_script:12` or `user_script:12`. */
const SCRIPT_LINE = /\buser_script:\d+\b/;

/** Name of a Redis command, or of a script of this program. */
const COMMAND = /^[\w-]{1,64}$/;

/** Whether it is an error reply of Redis, as the driver throws it: with the command and its arguments. */
export function isRedisReply({ name }: Error): boolean {
  return name === 'ReplyError';
}

/** The reply, such as `WRONGTYPE …`, or its code alone, with the position in the script. */
export function redisMessage({ message, command }: Error & Record<string, unknown>): string {
  const code = redisCode(message) ?? 'error';
  const text = WITHOUT_DATA.has(code) ? firstSentence(message) : `Redis: ${code}`;
  const line = SCRIPT_LINE.exec(message)?.[0];
  const name = (command as { name?: unknown } | undefined)?.name;
  return [
    text,
    typeof name === 'string' && COMMAND.test(name) ? `in ${name}` : undefined,
    line === undefined ? undefined : `at ${line}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
}

export function redisCode(message: string): string | undefined {
  return CODE.exec(message)?.[0];
}

/** The rest of such a reply names a script by its hash. */
function firstSentence(message: string): string {
  return message.split(/\n| script: /)[0]?.replace(/\.$/, '') ?? '';
}
