import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { InternalError } from './internal-error';

/** Paths of PEM files. A certificate and its key come together. */
export interface TlsFiles {
  /** Certificates of the authorities that are trusted instead of those of Node. */
  ca?: string | undefined;
  /** The certificate of this client, then those of intermediate authorities. */
  cert?: string | undefined;
  key?: string | undefined;
}

/** The content of the files, in PEM. */
export type TlsMaterial = { readonly [file in keyof TlsFiles]?: string };

/** A file cannot be used. The message names neither its path nor its content. */
export class TlsFileError extends InternalError {
  constructor(
    readonly file: keyof TlsFiles,
    /** The end of a sentence that begins with the name of the file's setting. */
    readonly problem: string,
  ) {
    super(problem);
  }
}

/**
 * Reads the files and checks them: Node takes a file of authorities without any certificate, and then trusts no server.
 * @throws TlsFileError
 */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  const ca = read(files, 'ca');
  const cert = read(files, 'cert');
  const key = read(files, 'key');
  if (ca !== undefined) {
    checkCertificate('ca', ca);
  }
  if (cert !== undefined && key !== undefined) {
    checkCertificate('cert', cert);
    checkKey(cert, key);
  }
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function read(files: TlsFiles, file: keyof TlsFiles): string | undefined {
  const path = files[file];
  if (path === undefined) {
    return undefined;
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new TlsFileError(file, `names a file that cannot be read (${code})`);
  }
}

function checkCertificate(file: keyof TlsFiles, text: string): void {
  try {
    new X509Certificate(text);
  } catch {
    throw new TlsFileError(file, 'names a file that holds no certificate in PEM');
  }
}

function checkKey(cert: string, key: string): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TlsFileError(
      'key',
      code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
        ? 'names a file whose key does not belong to the certificate'
        : 'names a file that holds no private key in PEM, unencrypted',
    );
  }
}
