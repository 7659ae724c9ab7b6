import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type ConnectionOptions } from 'node:tls';
import { PostgresUrlError } from './postgres-url-error';

/** As in libpq: https://www.postgresql.org/docs/current/libpq-ssl.html */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** The parameters of a Postgres URL that name files in PEM. */
const FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const;
type FileParameter = (typeof FILES)[number];

/** The parameters of a Postgres URL that are about TLS. */
export type TlsParameters = Partial<Record<'sslmode' | FileParameter, string>>;

/** How connections to Postgres are encrypted. */
export interface PostgresTls {
  mode: SslMode;
  /** Paths. Without `sslrootcert`, the authorities that Node trusts. */
  files: Partial<Record<FileParameter, string>>;
}

/** The content of the files. */
export type TlsContents = Partial<Record<FileParameter, Buffer>>;

/**
 * Reads the parameters, and the files once: what cannot be used stops the start.
 * @throws PostgresUrlError
 */
export function postgresTlsOf(parameters: TlsParameters): PostgresTls {
  const { sslmode = 'disable', sslrootcert, sslcert, sslkey } = parameters;
  const mode = SSL_MODES.find((known) => known === sslmode);
  if (mode === undefined) {
    throw new PostgresUrlError(`must have one of ${SSL_MODES.join(', ')} as sslmode`);
  }
  const isSystem = sslrootcert === 'system';
  if (isSystem && mode !== 'verify-full') {
    throw new PostgresUrlError('must have verify-full as sslmode where sslrootcert is system');
  }
  if (mode === 'verify-ca' && sslrootcert === undefined) {
    throw new PostgresUrlError('must name a file as sslrootcert where sslmode is verify-ca');
  }
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw new PostgresUrlError('must have both of sslcert and sslkey, or neither');
  }
  const files = {
    ...(sslrootcert !== undefined && !isSystem && { sslrootcert }),
    ...(sslcert !== undefined && { sslcert }),
    ...(sslkey !== undefined && { sslkey }),
  };
  if (mode === 'disable' && Object.keys(files).length > 0) {
    throw new PostgresUrlError('names files of TLS, and has no sslmode that uses them');
  }
  const tls = { mode, files };
  tlsOptions(mode, readTlsFiles(tls));
  return tls;
}

/** @throws PostgresUrlError */
export function readTlsFiles({ files }: PostgresTls): TlsContents {
  const contents: TlsContents = {};
  for (const name of FILES) {
    const path = files[name];
    if (path !== undefined) {
      contents[name] = contentOf(name, path);
    }
  }
  return contents;
}

/**
 * Options of TLS for a connection.
 * @throws PostgresUrlError
 */
export function tlsOptions(mode: SslMode, contents: TlsContents): ConnectionOptions {
  const { sslrootcert: ca, sslcert: cert, sslkey: key } = contents;
  // libpq treats `require` with a root certificate as `verify-ca`.
  const verifies =
    mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && ca !== undefined);
  return {
    // Holds the private key out of sight of error messages and logs.
    secureContext: secureContextOf({ ca, cert, key }),
    rejectUnauthorized: verifies,
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

function secureContextOf(pem: Record<'ca' | 'cert' | 'key', Buffer | undefined>) {
  try {
    if (pem.ca !== undefined) {
      new X509Certificate(pem.ca);
    }
    return createSecureContext(pem);
  } catch {
    throw new PostgresUrlError(
      'names files in sslrootcert, sslcert, sslkey that are not certificates and a key of one kind in PEM',
    );
  }
}

function contentOf(name: FileParameter, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new PostgresUrlError(`names a file in ${name} that cannot be read (${String(code)})`);
  }
}
