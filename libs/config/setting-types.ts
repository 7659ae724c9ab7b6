import { BlockList, isIP } from 'node:net';
import ms, { type StringValue } from 'ms';
import { CronTime } from 'cron';
import { z } from 'zod';
import { parseOrigin, type OriginError } from './origin';
import { parseUrl } from './parse-url';

/** Labels of letters, digits, hyphens and underscores. A name of digits alone is a malformed IPv4 address. */
const HOST_NAME = /^(?![\d.]+$)[a-z\d_-]+(\.[a-z\d_-]+)*\.?$/i;

const DURATION = /^\d+(ms|s|m|h|d)$/;

interface DurationRange {
  min: StringValue;
  max: StringValue;
  /** Examples for the message. */
  examples: string;
}

const LIFETIME: DurationRange = { min: '1s', max: '366d', examples: '15m, 24h or 30d' };

/** `15m`, `24h`, `30d`: whole seconds, by default at least 1. Output in seconds. */
export function durationSeconds({ min, max, examples } = LIFETIME) {
  return z.string().transform((text, context) => {
    const milliseconds = DURATION.test(text) ? ms(text as StringValue) : NaN;
    if (milliseconds % 1000 === 0 && milliseconds >= ms(min) && milliseconds <= ms(max)) {
      return milliseconds / 1000;
    }
    context.addIssue(`must be a duration of ${min} to ${max}, written like ${examples}`);
    return z.NEVER;
  });
}

/** How long the process waits at its start or its end: `0s`, `5s`, `1m`. In seconds. */
export function timeoutSeconds(min: StringValue = '1s') {
  return durationSeconds({ min, max: '1h', examples: '5s or 1m' });
}

/** How long data is kept for later investigation: `90d`, `730d`. In seconds. */
export function retentionSeconds() {
  return durationSeconds({ min: '1d', max: '3660d', examples: '90d or 365d' });
}

/** A TCP port; 0 lets the system choose a free one. */
export function listenPort() {
  return z.string().transform((text, context) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (port >= 0 && port <= 65_535) {
      return port;
    }
    context.addIssue('must be a port number from 0 to 65535');
    return z.NEVER;
  });
}

/** A switch. */
export function onOff() {
  return z
    .enum(['true', 'false', 'on', 'off'], 'must be true or false')
    .transform((text) => text === 'true' || text === 'on');
}

/** A host name or an IP address to listen on. An IPv6 address may be in brackets, as in a URL. */
export function listenHost() {
  return z.string().transform((text, context) => {
    const host = text.replace(/^\[(.*:.*)\]$/, '$1');
    if (isIP(host) !== 0 || HOST_NAME.test(host)) {
      return host;
    }
    context.addIssue('must be a host name or an IP address, without a port');
    return z.NEVER;
  });
}

/** A server. The host is without brackets. */
export interface ServerAddress {
  host: string;
  port: number;
}

/** An IPv6 address in brackets or a host, then a port. */
const SERVER = /^(?:\[(.+)\]|([^:[\]]+))(?::(\d{1,5}))?$/;

/** `a:6379,[::1]:6380`: servers with their ports. The message names the entry by its position. */
export function addressList(defaultPort: number) {
  return z.string().transform((text, context) =>
    text.split(',').map((part, index): ServerAddress => {
      const address = serverIn(part.trim(), defaultPort);
      if (!address) {
        context.addIssue(
          `must be a list like a:${defaultPort},[::1]:${defaultPort}: entry ${index + 1} is no host with a port from 1 to 65535`,
        );
        return z.NEVER;
      }
      return address;
    }),
  );
}

function serverIn(text: string, defaultPort: number): ServerAddress | undefined {
  const [, ipv6, name, digits = String(defaultPort)] = SERVER.exec(text) ?? [];
  const port = Number(digits);
  const isHost = ipv6 === undefined ? isName(name ?? '') : isIP(ipv6) === 6;
  return isHost && port >= 1 && port <= 65_535 ? { host: ipv6 ?? name ?? '', port } : undefined;
}

function isName(text: string): boolean {
  return isIP(text) === 4 || HOST_NAME.test(text);
}

/** The schedule of a job: a cron expression in UTC; `off` is null. */
export function schedule() {
  return z.string().transform((text, context) => {
    if (text === 'off') {
      return null;
    }
    const problem = cronProblem(text);
    if (problem === undefined) {
      return text;
    }
    context.addIssue(problem);
    return z.NEVER;
  });
}

function cronProblem(text: string): string | undefined {
  let time: CronTime;
  try {
    time = new CronTime(text, 'UTC');
  } catch {
    return 'must be a cron expression, such as */5 * * * *, or off';
  }
  try {
    time.sendAt();
    return undefined;
  } catch {
    return 'must be a cron expression of a date that exists, or off';
  }
}

/** An integer of at least 1. */
export function positiveInteger() {
  return z.string().transform((text, context) => {
    if (/^[1-9]\d{0,8}$/.test(text)) {
      return Number(text);
    }
    context.addIssue('must be a whole number of at least 1');
    return z.NEVER;
  });
}

/** `acme,acme shop`: names of at least 3 characters. */
export function wordList() {
  return z.string().transform((text, context) => {
    const words = text.split(',').map((word) => word.trim());
    if (words.every((word) => word.length >= 3)) {
      return words;
    }
    context.addIssue('must be a list like acme,acme shop with names of at least 3 characters');
    return z.NEVER;
  });
}

const MIN_CLIENT_SECRET_LENGTH = 16;

/** `id:secret,id:secret`: clients with HTTP Basic credentials. */
export function clientList() {
  return z.string().transform((text, context) => {
    const clients = text.split(',').map((pair) => {
      const colon = pair.indexOf(':');
      return { id: pair.slice(0, colon).trim(), secret: pair.slice(colon + 1).trim() };
    });
    const ids = new Set(clients.map(({ id }) => id));
    const complete = clients.every(
      ({ id, secret }) => /^[\w.-]+$/.test(id) && secret.length >= MIN_CLIENT_SECRET_LENGTH,
    );
    if (complete && ids.size === clients.length) {
      return clients;
    }
    context.addIssue(
      'must be a list like id:secret,id:secret with distinct ids and secrets of at least 16 characters',
    );
    return z.NEVER;
  });
}

/** The address of a service. */
export function httpUrl() {
  return z
    .string()
    .refine(
      (text) => /^https?:\/\//.test(text) && parseUrl(text) !== undefined,
      'must be a URL that starts with http:// or https://',
    );
}

/** The name of an S3 bucket. */
export function bucketName() {
  return z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      'must be a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens',
    );
}

const ADDRESS_LIST = 'a list of IP addresses and networks, like 127.0.0.1,10.0.0.0/8';

/** `10.0.0.0/8,::1`: addresses and networks, as a set of all addresses in them. */
export function addressSet() {
  return z.string().transform((text, context) => {
    const addresses = addressesIn(text);
    if (!addresses) {
      context.addIssue(`must be ${ADDRESS_LIST}`);
      return z.NEVER;
    }
    return addresses;
  });
}

/** The proxies in front of this process: their number or their addresses. */
export type TrustedProxies = { hops: number } | { addresses: BlockList };

/** A network such as 0.0.0.0/0. */
const EVERY_ADDRESS = /\/0+\s*(,|$)/;

/** `1`, or `10.0.0.0/8`. Not `true`: a client could then claim any address. */
export function trustedProxies() {
  return z.string().transform((text, context): TrustedProxies => {
    if (/^[1-9]\d?$/.test(text)) {
      return { hops: Number(text) };
    }
    const addresses = addressesIn(text);
    if (!addresses || EVERY_ADDRESS.test(text)) {
      context.addIssue(`must be the number of proxies before this process, or ${ADDRESS_LIST}`);
      return z.NEVER;
    }
    return { addresses };
  });
}

function addressesIn(text: string): BlockList | undefined {
  const addresses = new BlockList();
  for (const entry of text.split(',').map((part) => part.trim())) {
    const [address = '', prefix, ...more] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const bits = family === 'ipv6' ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
    if (isIP(address) === 0 || !(length <= bits) || more.length > 0) {
      return undefined;
    }
    addresses.addSubnet(address, length, family);
  }
  return addresses;
}

/** `https://app.example.com,capacitor://localhost`: see `parseOrigin`. The message names the entry by its position. */
export function originList() {
  return z.string().transform((text, context) =>
    text.split(',').map((part, index) => {
      try {
        return parseOrigin(part.trim());
      } catch (error) {
        context.addIssue(`entry ${index + 1} ${(error as OriginError).message}`);
        return z.NEVER;
      }
    }),
  );
}

/** A share from 0 to 1. */
export function ratio() {
  return z.string().transform((text, context) => {
    if (/^(0|1|[01]?\.\d{1,9})$/.test(text) && Number(text) <= 1) {
      return Number(text);
    }
    context.addIssue('must be a number from 0 to 1');
    return z.NEVER;
  });
}
