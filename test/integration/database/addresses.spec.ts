import { Logger } from '@nestjs/common';
import { clientConfigOf, dataSourceOptions } from '../../../libs/database/data-source-options';
import { runMigrations, waitForPostgres } from '../../../libs/database';
import { ConnectionPool } from '../../../libs/database/connection-pool';
import { connect, PostgresClient } from '../../../libs/database/postgres-client';
import { PostgresNode } from '../../faults/postgres-node';
import { selfSignedCertificate, type TestCertificate } from '../../support/certificate';
import { startPgBouncer, type TestPgBouncer } from '../../support/pgbouncer';
import { TcpProxy } from '../../support/tcp-proxy';
import { createTestDatabase, type TestDatabase } from '../../support/stores';

type PoolConfig = ConstructorParameters<typeof ConnectionPool>[0];

/** An error that counts as Postgres being away: read_only_sql_transaction. */
const READ_ONLY = '25006';
/** No server listens there. */
const CLOSED = '127.0.0.1:9';

describe('an address of Postgres', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  async function connected<T>(
    url: string,
    use: (client: PostgresClient) => T | Promise<T>,
  ): Promise<T> {
    const client = await connect(clientConfigOf(dataSourceOptions({ url })));
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  }

  /** Like the start: resolves, or throws with one sentence. */
  const start = (url: string) => waitForPostgres(url, 0);

  describe('with TLS', () => {
    let pooler: TestPgBouncer;
    let certificate: TestCertificate;

    beforeAll(async () => {
      certificate = await selfSignedCertificate();
      pooler = await startPgBouncer('session', { tls: certificate });
    }, 10 * 60_000);

    afterAll(() => pooler.stop());

    function urlWith(query: Record<string, string>, host = '127.0.0.1'): string {
      const url = new URL(pooler.urlOf(database.url));
      url.hostname = host;
      url.search = new URLSearchParams(query).toString();
      return url.href;
    }

    const isEncrypted = ({ connection }: PostgresClient) =>
      (connection.stream as { encrypted?: boolean }).encrypted === true;

    it.each([
      ['disable', false],
      ['allow', false],
      ['prefer', true],
      ['require', true],
    ])('sslmode=%s takes any certificate; encrypted: %s', async (sslmode, encrypted) => {
      expect(await connected(urlWith({ sslmode }), isEncrypted)).toBe(encrypted);
      await start(urlWith({ sslmode }));
    });

    it('verify-ca verifies the authority, verify-full the host name as well', async () => {
      const sslrootcert = certificate.file;
      expect(await connected(urlWith({ sslmode: 'verify-ca', sslrootcert }), isEncrypted)).toBe(
        true,
      );
      const full = { sslmode: 'verify-full', sslrootcert };
      expect(await connected(urlWith(full, 'localhost'), isEncrypted)).toBe(true);
      await expect(start(urlWith(full))).rejects.toThrow(
        /^The certificate of Postgres is not accepted \(ERR_TLS_CERT_ALTNAME_INVALID\): see sslmode/,
      );
      await expect(start(urlWith({ sslmode: 'verify-full' }, 'localhost'))).rejects.toThrow(
        /^The certificate of Postgres is not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\): see sslmode/,
      );
    });

    it('on a server without TLS, prefer connects without it, and require refuses', async () => {
      const plain = (sslmode: string) => `${database.url}?sslmode=${sslmode}`;
      expect(await connected(plain('prefer'), isEncrypted)).toBe(false);
      await expect(start(plain('require'))).rejects.toThrow(
        'The sslmode of DATABASE_URL requires TLS, but the Postgres server does not offer it.',
      );
    });
  });

  describe('with several hosts', () => {
    let standby: PostgresNode;

    beforeAll(async () => {
      standby = await PostgresNode.start();
      await standby.becomeStandby();
    }, 120_000);

    afterAll(() => standby.stop());

    function urlOf(...hosts: string[]): string {
      const { username, password, host, pathname } = new URL(database.url);
      const list = [...hosts, host].join(',');
      return `postgres://${username}:${password}@${list}${pathname}`;
    }

    it('connects to the first that answers', async () => {
      await start(urlOf(CLOSED));
      await start(urlOf(CLOSED, CLOSED));
    });

    it('skips one that is read-only, or does not answer', async () => {
      const readOnly = new URL(standby.url).host;
      const { username, password } = new URL(database.url);
      const isPrimary = async (client: PostgresClient) =>
        (await client.query<{ primary: boolean }>('SELECT NOT pg_is_in_recovery() AS primary'))
          .rows;
      expect(await connected(urlOf(readOnly), isPrimary)).toEqual([{ primary: true }]);
      const any = `postgres://${username}:${password}@${CLOSED},${readOnly}/latchkey?target_session_attrs=any`;
      await expect(connected(any, isPrimary)).rejects.toMatchObject({ code: READ_ONLY });
      await expect(start(any.replace('any', 'primary'))).rejects.toThrow(
        /the server is a standby\.$/,
      );
    });

    const standbyConfig = (wanted: string) => {
      const { username, password } = new URL(database.url);
      const { host } = new URL(standby.url);
      const url = `postgres://${username}:${password}@${host}/latchkey?target_session_attrs=${wanted}`;
      return clientConfigOf(dataSourceOptions({ url }));
    };

    it('closes the connection to one that it skips', async () => {
      const client = new PostgresClient(standbyConfig('primary'));
      await expect(client.connect()).rejects.toMatchObject({ code: READ_ONLY });
      expect(client.connection.stream.destroyed).toBe(true);
    });

    it.each(['SELECT 1', 'START TRANSACTION'])(
      'removes a connection from the pool whose server has become read-only: %s',
      async (statement) => {
        const pool = new ConnectionPool(standbyConfig('any') as PoolConfig);
        try {
          const client = await pool.connect();
          await expect(client.query(statement)).rejects.toMatchObject({ code: READ_ONLY });
          client.release();
          expect(pool.totalCount).toBe(0);
        } finally {
          await pool.end();
        }
      },
    );

    it('leaves a host that accepts connections and does not answer, also after the sign-in', async () => {
      const { port, pathname, username, password } = new URL(database.url);
      const host = await TcpProxy.start(Number(port));
      try {
        // The answer to the check whether the server is a standby is lost.
        const held = host.holdNext(
          (chunk) => chunk.includes('pg_is_in_recovery'),
          () => undefined,
        );
        const url = `postgres://${username}:${password}@127.0.0.1:${host.port},127.0.0.1:${port}${pathname}?connect_timeout=1`;
        expect(await connected(url, (client) => client.port)).toBe(Number(port));
        await held.arrived;
      } finally {
        host.stop();
      }
    });

    it('gives each of them its connect_timeout', () => {
      const options = dataSourceOptions({ url: 'postgres://a,b/d?connect_timeout=5' });
      expect(clientConfigOf(options).connectionTimeoutMillis).toBe(10_000);
    });
  });

  describe('with several hosts, of which the first is full', () => {
    const role = `full_${process.pid}`;

    beforeAll(() =>
      database.sql.query(`CREATE ROLE ${role} LOGIN PASSWORD 'full' CONNECTION LIMIT 0`),
    );

    afterAll(() => database.sql.query(`DROP ROLE ${role}`));

    it('fails at once, and does not try the next', async () => {
      const { host, pathname } = new URL(database.url);
      const config = clientConfigOf(
        dataSourceOptions({ url: `postgres://${role}:full@${host},${CLOSED}${pathname}` }),
      );
      const { current } = config.endpoints;
      await expect(connect(config)).rejects.toMatchObject({ code: '53300' });
      expect(config.endpoints.current).toBe(current);
    });
  });

  describe('whose role may not', () => {
    const role = `newcomer_${process.pid}`;
    let url: URL;

    beforeAll(async () => {
      await database.sql.query(`CREATE ROLE ${role} LOGIN PASSWORD 'newcomer'`);
      await database.sql.query('CREATE SCHEMA theirs');
      await database.sql.query(`GRANT USAGE ON SCHEMA theirs TO ${role}`);
      url = new URL(database.url);
      [url.username, url.password] = [role, 'newcomer'];
    });

    afterAll(() => database.sql.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));

    it('create tables: the error names the missing right and the schema', async () => {
      url.searchParams.set('schema', 'theirs');
      await expect(runMigrations(url.href)).rejects.toThrow(
        'The role of DATABASE_URL may not create tables in schema theirs.',
      );
    });

    it('find the schema: the error names the schema', async () => {
      url.searchParams.set('schema', 'nowhere');
      await expect(runMigrations(url.href)).rejects.toThrow(
        'The database of DATABASE_URL has no schema nowhere that the role may use.',
      );
    });
  });
});
