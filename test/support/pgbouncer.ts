import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, freePort } from '../../tools/local/ports.mjs';
import { choosePostgresUser, openTheWay } from '../../tools/local/postgres-user.mjs';
import { Server } from '../../tools/local/server.mjs';
import { programOfPackage } from './debian-package';
import { sharedStores } from './shared-stores';
import { newFolder } from './stores';

const READY_DEADLINE_MS = 10_000;
const STOP_GRACE_MS = 3_000;

export interface TestPgBouncer {
  port: number;
  /** The same database, through the pooler. */
  urlOf(url: string): string;
  stop(): Promise<void>;
}

interface PgBouncerOptions {
  /** Server connections for a database and user. */
  size?: number;
  /** PEM: with it, clients may encrypt. */
  tls?: { cert: string; key: string };
}

/**
 * A real PgBouncer on a free port, with the settings of its package except these, in front of the tests'
 * Postgres and all its databases.
 */
export async function startPgBouncer(
  mode: 'session' | 'transaction',
  { size = 10, tls }: PgBouncerOptions = {},
): Promise<TestPgBouncer> {
  const program = await programOfPackage('pgbouncer', 'pgbouncer');
  const port = await freePort();
  const folder = join(newFolder('pgbouncer-'), 'home');
  mkdirSync(folder);
  const target = new URL(sharedStores().postgresUrl);
  const configuration = join(folder, 'pgbouncer.ini');
  const { username, password } = target;
  const files = tls ? writeTls(folder, tls) : [];
  const encryption = tls
    ? `client_tls_sslmode = allow\nclient_tls_cert_file = ${files[0]}\nclient_tls_key_file = ${files[1]}\n`
    : '';
  writeFileSync(
    configuration,
    `[databases]
* = host=127.0.0.1 port=${target.port} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${size}
max_client_conn = 200
${encryption}`,
  );
  writeFileSync(join(folder, 'users.txt'), `"${username}" "${password}"\n`);
  const user = await choosePostgresUser(folder);
  [configuration, join(folder, 'users.txt'), ...files].forEach((file) => chmodSync(file, 0o640));
  openTheWay(folder, user, () => undefined);
  const server = await Server.spawn(program, [configuration], {
    name: 'PgBouncer',
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: STOP_GRACE_MS,
    logFile: join(folder, 'pgbouncer.log'),
    cwd: '/',
    uid: user.uid,
    gid: user.gid,
  });
  await server.waitUntil(() => answers(port), { deadlineMs: READY_DEADLINE_MS });
  return {
    port,
    urlOf(url) {
      const through = new URL(url);
      through.port = String(port);
      return through.href;
    },
    stop: () => server.stop(),
  };
}

/** Whether it accepts connections: it ends one that sends nothing, without an answer. */
async function answers(port: number): Promise<boolean> {
  return (await ask(port, '')) !== undefined;
}

function writeTls(folder: string, { cert, key }: { cert: string; key: string }): string[] {
  return Object.entries({ cert, key }).map(([name, pem]) => {
    const file = join(folder, `${name}.pem`);
    writeFileSync(file, pem);
    return file;
  });
}
