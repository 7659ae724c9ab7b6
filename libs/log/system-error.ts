import { isIP } from 'node:net';

/** Codes of the operating system and of its resolver. */
const SYSTEM_CODE = /^E(?!RR_)[A-Z0-9_]+$/;
const HOST_NAME = /^[\w-]+(?:\.[\w-]+)*$/;

/** Whether a system call failed: a connection, a file. */
export function isSystemError({ code }: Record<string, unknown>): boolean {
  return typeof code === 'string' && SYSTEM_CODE.test(code);
}

/** In Node's form, without the path of a file: `connect ECONNREFUSED 127.0.0.1:6379`. */
export function systemErrorMessage(error: Record<string, unknown>): string {
  const { syscall, code } = error;
  // For `spawn` it also holds the program and its arguments.
  const call = typeof syscall === 'string' ? /^[a-z]\w*/.exec(syscall)?.[0] : undefined;
  return [call, String(code), endpointOf(error)].filter((part) => part !== undefined).join(' ');
}

/** `host:port`, as far as the error has it. */
export function endpointOf({
  address,
  hostname,
  port,
}: Record<string, unknown>): string | undefined {
  const host = [address, hostname].find((name): name is string => isHost(name));
  if (host === undefined) {
    return undefined;
  }
  const shown = host.includes(':') ? `[${host}]` : host;
  return Number.isInteger(port) ? `${shown}:${String(port)}` : shown;
}

function isHost(name: unknown): boolean {
  if (typeof name !== 'string') {
    return false;
  }
  return isIP(name) !== 0 || (name.length <= 253 && HOST_NAME.test(name));
}
