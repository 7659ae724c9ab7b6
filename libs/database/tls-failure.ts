import { InternalError } from '#libs/common';

/** A connection that cannot be encrypted as DATABASE_URL asks. One sentence; never any part of the URL. */
export class TlsFailure extends InternalError {}

/** Of Node and OpenSSL, such as DEPTH_ZERO_SELF_SIGNED_CERT and ERR_TLS_CERT_ALTNAME_INVALID. */
const CERTIFICATE_CODE = /CERT|UNABLE_TO_|SIGNATURE|ALTNAME/;

/** The error itself, where it is of another kind. */
export function explainTls(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (message === 'The server does not support SSL connections') {
    return new TlsFailure(
      'The sslmode of DATABASE_URL asks for TLS, and the server of Postgres has none.',
      { cause: error },
    );
  }
  return typeof code === 'string' && CERTIFICATE_CODE.test(code)
    ? new TlsFailure(
        `The certificate of Postgres is not accepted (${code}): see sslmode and sslrootcert of DATABASE_URL.`,
        { cause: error },
      )
    : error;
}
