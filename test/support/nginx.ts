import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { Server } from '../../tools/local/server.mjs';
import { programOfPackage } from './debian-package';
import { sharedStores } from './shared-stores';

const EXAMPLES = join(ROOT, 'examples', 'nginx');
const READY_DEADLINE_MS = 10_000;
const STOP_GRACE_MS = 3_000;

/** Folders for large bodies; the defaults belong to the user of the package. */
const TEMPORARY_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

export interface TestNginx {
  origin: string;
  stop(): Promise<void>;
}

/** Ports of 127.0.0.1. */
interface Upstreams {
  latchkey: number;
  /** Of an example that has one. */
  application?: number;
}

/**
 * A real nginx with the configuration of an example. Installs it by apt where it is missing and that is possible.
 * @param changes texts of the example, each of which occurs once, and what replaces them.
 */
export async function startNginx(
  ports: Upstreams,
  example = 'nginx.conf',
  changes: readonly [from: string, to: string][] = [],
): Promise<TestNginx> {
  const program = await programOfPackage('nginx', 'nginx-light');
  const port = await freePort();
  const folder = mkdtempSync(join(sharedStores().folder, 'nginx-'));
  const configuration = join(folder, 'nginx.conf');
  const text = readFileSync(join(EXAMPLES, example), 'utf8');
  writeFileSync(configuration, [...changes, ...placesOf(ports, port)].reduce(replaceOnce, text));
  // Workers of an nginx of root would be another user, who may not enter this folder.
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  const globals = `${user}daemon off; pid nginx.pid; error_log stderr;`;
  const server = await Server.spawn(
    program,
    ['-p', folder, '-e', 'stderr', '-c', configuration, '-g', globals],
    {
      name: 'nginx',
      stopSignal: 'SIGTERM',
      killSignal: 'SIGKILL',
      graceMs: STOP_GRACE_MS,
      logFile: join(folder, 'nginx.log'),
    },
  );
  await server.waitUntil(() => listens(port), { deadlineMs: READY_DEADLINE_MS });
  return { origin: `http://127.0.0.1:${port}`, stop: () => server.stop() };
}

/** The ports of the example and the folders of nginx itself. */
function placesOf({ latchkey, application }: Upstreams, port: number): [string, string][] {
  const paths = TEMPORARY_PATHS.map((name) => `${name}_temp_path ${name};`);
  return [
    ['127.0.0.1:3000;', `127.0.0.1:${latchkey};`],
    ...(application === undefined
      ? []
      : [['127.0.0.1:8081;', `127.0.0.1:${application};`] as [string, string]]),
    ['listen 8080;', `listen 127.0.0.1:${port};`],
    ['http {', `http { access_log off; ${paths.join(' ')}`],
  ];
}

function replaceOnce(text: string, [from, to]: [string, string]): string {
  const parts = text.split(from);
  if (parts.length !== 2) {
    throw new Error(`the example must say "${from}" once`);
  }
  return parts.join(to);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
