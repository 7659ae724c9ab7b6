import { InternalError } from '#libs/common';

/** The connection cannot be encrypted as DATABASE_URL requires. One sentence; never any part of the URL. */
export class TlsFailure extends InternalError {}

/** Codes of Node and OpenSSL, such as DEPTH_ZERO_SELF_SIGNED_CERT and ERR_TLS_CERT_ALTNAME_INVALID. */
const CERTIFICATE_CODE = /CERT|UNABLE_TO_|SIGNATURE|ALTNAME/;

/** Alerts by which the server refuses the certificate of the client, or its absence. */
const CLIENT_CERTIFICATE_CODE = /^ERR_SSL_.*ALERT_(UNKNOWN_CA|.*CERTIFICATE)/;

/** Explains an error of TLS; returns any other error unchanged. */
export function explainTls(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (message === 'The server does not support SSL connections') {
    return new TlsFailure(
      'The sslmode of DATABASE_URL requires TLS, but the Postgres server does not offer it.',
      { cause: error },
    );
  }
  if (typeof code === 'string' && CLIENT_CERTIFICATE_CODE.test(code)) {
    return new TlsFailure(
      `Postgres does not accept the client certificate (${code}): see sslcert and sslkey of DATABASE_URL.`,
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
