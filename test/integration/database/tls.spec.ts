import { copyFileSync, chmodSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Client } from 'pg';
import { choosePostgresUser, giveTo, openTheWay } from '../../../tools/local/postgres-user.mjs';
import { clientConfigOf, dataSourceOptions } from '../../../libs/database/data-source-options';
import { runMigrations, waitForPostgres } from '../../../libs/database';
import { connect, type PostgresClientConfig } from '../../../libs/database/postgres-client';
import { PostgresNode } from '../../faults/postgres-node';
import { TestAuthority } from '../../support/certificate';
import { runCommand } from '../../support/cli';
import { newFolder } from '../../support/stores';
import { until } from '../../support/until';

/** Signs in with a certificate, and has no password. */
const CERTIFIED = 'certified';
const HBA = `
hostssl   all ${CERTIFIED} 127.0.0.1/32 cert
hostnossl all ${CERTIFIED} 127.0.0.1/32 reject
host      all all 127.0.0.1/32 scram-sha-256
`;

interface Encryption {
  ssl: boolean;
  client_dn: string | null;
}

describe('a Postgres with TLS that asks for a client certificate', () => {
  const folder = newFolder('tls-');
  const at = (name: string) => join(folder, name);
  let authority: TestAuthority;
  let server: PostgresNode;
  let client: { file: string; keyFile: string };

  beforeAll(async () => {
    authority = await TestAuthority.create();
    client = await authority.sign(CERTIFIED);
    await installServerCertificate(authority);
    writeFileSync(at('hba.conf'), HBA);
    giveTo(folder, await choosePostgresUser(folder));
    server = await PostgresNode.start([
      'ssl=on',
      `ssl_cert_file=${at('server.pem')}`,
      `ssl_key_file=${at('server-key.pem')}`,
      `ssl_ca_file=${at('authority.pem')}`,
      `hba_file=${at('hba.conf')}`,
    ]);
    await server.query(`CREATE ROLE ${CERTIFIED} LOGIN SUPERUSER`);
  }, 120_000);

  afterAll(() => server.stop());

  beforeEach(() => {
    Logger.overrideLogger(false);
  });

  async function installServerCertificate(signer: TestAuthority): Promise<void> {
    const { file, keyFile } = await signer.sign('localhost');
    copyFileSync(file, at('server.pem'));
    copyFileSync(keyFile, at('server-key.pem'));
    copyFileSync(signer.file, at('authority.pem'));
    chmodSync(at('server-key.pem'), 0o600);
    const user = await choosePostgresUser(folder);
    giveTo(folder, user);
    openTheWay(dirname(folder), user, () => undefined);
  }

  function urlOf(parameters: Record<string, string>): string {
    const query = new URLSearchParams({ sslmode: 'verify-full', ...parameters });
    return `postgres://${CERTIFIED}@localhost:${server.port}/latchkey?${query.toString()}`;
  }

  const urlWith = (sslrootcert: string, { file: sslcert, keyFile: sslkey } = client) =>
    urlOf({ sslrootcert, sslcert, sslkey });

  const start = (url: string) => waitForPostgres(url, 0);

  async function connected<T>(
    config: PostgresClientConfig,
    use: (client: Client) => Promise<T>,
  ): Promise<T> {
    const connection = await connect(config);
    try {
      return await use(connection);
    } finally {
      await connection.end();
    }
  }

  const configOf = (url: string) => clientConfigOf(dataSourceOptions({ url }));

  async function encryptionOf(config: PostgresClientConfig): Promise<Encryption | undefined> {
    const sql = 'SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    return connected(
      config,
      async (connection) => (await connection.query<Encryption>(sql)).rows[0],
    );
  }

  it('admits the role of the certificate, and verifies the server', async () => {
    const url = urlWith(authority.file);
    expect(await encryptionOf(configOf(url))).toEqual({ ssl: true, client_dn: `/CN=${CERTIFIED}` });
    expect(await runMigrations(url)).toEqual([]);
    await start(url);
  });

  it.each(['allow', 'prefer', 'require', 'verify-ca'])(
    'encrypts with sslmode=%s, because it admits no other connection',
    async (sslmode) => {
      const url = new URL(urlWith(authority.file));
      url.searchParams.set('sslmode', sslmode);
      expect(await encryptionOf(configOf(url.href))).toMatchObject({ ssl: true });
    },
  );

  it('admits a password with channel binding, and without it', async () => {
    const { username, password } = new URL(server.url);
    const parameters = new URLSearchParams({ sslmode: 'verify-ca', sslrootcert: authority.file });
    const url = `postgres://${username}:${password}@127.0.0.1:${server.port}/latchkey?${parameters.toString()}`;
    for (const binding of ['prefer', 'disable']) {
      expect(await encryptionOf(configOf(`${url}&channel_binding=${binding}`))).toMatchObject({
        ssl: true,
      });
    }
  });

  it('refuses a client without a certificate, or with one of another authority', async () => {
    const other = await TestAuthority.create();
    await expect(start(urlOf({ sslrootcert: authority.file }))).rejects.toThrow(
      /connection requires a valid client certificate\.$/,
    );
    await expect(start(urlWith(authority.file, await other.sign(CERTIFIED)))).rejects.toThrow(
      /Postgres does not accept the client certificate \(ERR_SSL_\w+\): see sslcert and sslkey of DATABASE_URL\.$/,
    );
    const foreign = urlWith(authority.file, await other.sign(CERTIFIED));
    const { exitCode, stdout, stderr } = await runCommand(['migrate'], { DATABASE_URL: foreign });
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^latchkey: Postgres does not accept the client certificate \(\w+\): see sslcert and sslkey of DATABASE_URL\.\n$/,
    );
    await expect(start(urlWith(other.file))).rejects.toThrow(
      /The certificate of Postgres is not accepted \(\w+\): see sslmode and sslrootcert/,
    );
  });

  it('takes files that were replaced for the next connection, and keeps good ones', async () => {
    const own = { file: at('client.pem'), keyFile: at('client-key.pem') };
    const root = at('client-authority.pem');
    copyFileSync(authority.file, root);
    copyFileSync(client.file, own.file);
    copyFileSync(client.keyFile, own.keyFile);
    const config = configOf(urlWith(root, own));
    const isAdmitted = () =>
      encryptionOf(config).then(
        () => true,
        () => false,
      );
    const before = await connect(config);

    const successor = await TestAuthority.create();
    const next = await successor.sign(CERTIFIED);
    await installServerCertificate(successor);
    await before.query('SELECT pg_reload_conf()');
    await until('the server presents the new certificate', isAdmitted, false);

    const logged: unknown[] = [];
    Logger.overrideLogger({
      log: () => undefined,
      error: () => undefined,
      warn: (message: unknown) => logged.push(message),
    });
    replace(root, successor.file);
    // The certificate alone: no pair yet.
    replace(own.file, next.file);
    expect(await isAdmitted()).toBe(false);
    expect(logged).toEqual([
      expect.stringMatching(
        /^DATABASE_URL names a file in sslkey .*: new connections use the previous files$/,
      ),
    ]);
    Logger.overrideLogger(false);
    replace(own.keyFile, next.keyFile);
    expect(await encryptionOf(config)).toMatchObject({ ssl: true });

    // An open connection is left alone.
    expect((await before.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await before.end();
  });
});

/** As a rotation does it: a file appears at once. */
function replace(path: string, content: string): void {
  copyFileSync(content, `${path}.new`);
  renameSync(`${path}.new`, path);
}
