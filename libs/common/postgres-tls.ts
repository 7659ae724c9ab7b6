import { createSecureContext, type ConnectionOptions, type SecureContext } from 'node:tls';
import { PostgresUrlError } from './postgres-url-error';
import { readTlsFiles, TlsFileError, type TlsMaterial } from './tls-files';

/** As in libpq: https://www.postgresql.org/docs/current/libpq-ssl.html */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** The parameters of a Postgres URL that name files in PEM. */
const PARAMETERS = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' } as const;
type FileParameter = (typeof PARAMETERS)[keyof typeof PARAMETERS];

/** The parameters of a Postgres URL that are about TLS. */
export type TlsParameters = Partial<Record<'sslmode' | FileParameter, string>>;

/** How connections to Postgres are encrypted. */
export interface PostgresTls {
  mode: SslMode;
  /** Paths. Without `sslrootcert`, the authorities that Node trusts. */
  files: Partial<Record<FileParameter, string>>;
}

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
  postgresTlsOptions(mode, readPostgresTlsFiles(tls));
  return tls;
}

/** @throws PostgresUrlError */
export function readPostgresTlsFiles({ files }: PostgresTls): TlsMaterial {
  const { sslrootcert: ca, sslcert: cert, sslkey: key } = files;
  try {
    return readTlsFiles({ ca, cert, key });
  } catch (error) {
    if (error instanceof TlsFileError) {
      const where = `names a file in ${PARAMETERS[error.file]}`;
      throw new PostgresUrlError(error.problem.replace('names a file', where));
    }
    throw error;
  }
}

/**
 * Options of TLS for a connection.
 * @throws PostgresUrlError
 */
export function postgresTlsOptions(mode: SslMode, material: TlsMaterial): ConnectionOptions {
  // libpq treats `require` with a root certificate as `verify-ca`.
  const verifies =
    mode === 'verify-full' ||
    mode === 'verify-ca' ||
    (mode === 'require' && material.ca !== undefined);
  return {
    // Holds the private key out of sight of error messages and logs.
    secureContext: secureContextOf(material),
    rejectUnauthorized: verifies,
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

function secureContextOf(material: TlsMaterial): SecureContext {
  try {
    return createSecureContext(material);
  } catch {
    throw new PostgresUrlError('names files in sslcert and sslkey that cannot be used');
  }
}
