import { InternalError } from '#libs/common';

/** The connection cannot be encrypted as DATABASE_URL requires. One sentence; never any part of the URL. */
export class TlsFailure extends InternalError {}

/** Codes of Node and OpenSSL, such as DEPTH_ZERO_SELF_SIGNED_CERT and ERR_TLS_CERT_ALTNAME_INVALID. */
const CERTIFICATE_CODE = /CERT|UNABLE_TO_|SIGNATURE|ALTNAME/;

/** Explains an error of TLS; returns any other error unchanged. */
export function explainTls(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (message === 'The server does not support SSL connections') {
    return new TlsFailure(
      'The sslmode of DATABASE_URL requires TLS, but the Postgres server does not offer it.',
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
