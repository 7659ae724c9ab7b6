/** Messages of the drivers and of Node that hold no data and explain why a store was unavailable. */
const FIXED = new Set([
  // libs/redis and libs/database
  'no answer in time',
  'shutting down',
  // opossum
  'Breaker is open',
  'The circuit has been shutdown.',
  // ioredis
  'Connection is closed.',
  'Command timed out',
  'connect ETIMEDOUT',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Command aborted due to connection close',
  // pg, pg-pool
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Client was closed and is not queryable',
  'Client has encountered a connection error and is not queryable',
  'Cannot use a pool after calling end on the pool',
  'The server does not support SSL connections',
  'There was an error establishing an SSL connection',
  // Node and OpenSSL
  'self-signed certificate',
  'self-signed certificate in certificate chain',
  'certificate has expired',
  'unable to verify the first certificate',
  'unable to get local issuer certificate',
  'Client network socket disconnected before secure TLS connection was established',
  'socket hang up',
  'fetch failed',
  'The operation was aborted due to timeout',
  'This operation was aborted',
  'Maximum call stack size exceeded',
  'Invalid array length',
  'Invalid time value',
]);

/** Beginnings of messages whose rest may quote a property or a value. */
const BEGINNINGS = [
  /^Cannot (?:read|set) properties of (?:undefined|null)/,
  /^Converting circular structure to JSON/,
  /^Socket timeout\. Expecting data, but didn't receive any in \d+ms\.$/,
  /^Ready check failed/,
  /^Reached the max retries per request limit \(which is \d+\)/,
];

/** The part of an error's message that is known to hold no data. */
export function knownText(message: string): string | undefined {
  if (FIXED.has(message)) {
    return message;
  }
  for (const beginning of BEGINNINGS) {
    const found = beginning.exec(message);
    if (found) {
      return found[0];
    }
  }
  return undefined;
}
