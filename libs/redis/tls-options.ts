import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Logger } from '@nestjs/common';
import { readTlsFiles, TlsFileError, type TlsFiles } from '#libs/common';

/** The settings of the files, for the log. */
const VARIABLES = { ca: 'REDIS_CA_FILE', cert: 'REDIS_CERT_FILE', key: 'REDIS_KEY_FILE' } as const;

/**
 * Options of `tls.connect` that read the files anew for each connection: the driver copies the properties, and so calls
 * the getter, when it connects. A renewed certificate is thus used without a restart.
 *
 * Files that cannot be used, such as a certificate that is renewed before its key, keep the earlier ones in use. An
 * error in the getter would be final: the driver would not connect again.
 */
export function tlsOptions(files: TlsFiles): { readonly secureContext: SecureContext } {
  const reader = new SecureContextReader(files);
  return {
    get secureContext() {
      return reader.read();
    },
  };
}

/**
 * The same options with the name of the host for the server (SNI): some managed services route by it, and the driver
 * does not send it. An address is no such name (RFC 6066).
 */
export function withServerName<T extends object>(tls: T, host: string): T {
  // Getters stay getters.
  const own = Object.getOwnPropertyDescriptors(tls);
  return Object.defineProperties({} as T, {
    ...own,
    ...Object.getOwnPropertyDescriptors(serverNameOf(host)),
  });
}

/** The option of `tls.connect` for a host; none for an address. */
export function serverNameOf(host: string): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

class SecureContextReader {
  private readonly logger = new Logger('Redis');
  private context: SecureContext | undefined;
  private content = '';
  private warned = '';

  constructor(private readonly files: TlsFiles) {}

  read(): SecureContext {
    try {
      const material = readTlsFiles(this.files);
      const content = JSON.stringify(material);
      if (!this.context || content !== this.content) {
        this.context = createSecureContext(material);
        this.content = content;
      }
      this.warned = '';
    } catch (error) {
      this.warn(error);
    }
    // Without any usable file so far, no server is trusted.
    return (this.context ??= createSecureContext({ ca: [] }));
  }

  /** Once for each problem: the files are read at every attempt to connect. */
  private warn(error: unknown): void {
    const problem =
      error instanceof TlsFileError
        ? `${VARIABLES[error.file]} ${error.problem}`
        : 'the files of REDIS_CERT_FILE and REDIS_KEY_FILE cannot be used';
    if (problem !== this.warned) {
      this.warned = problem;
      this.logger.warn(`${problem}: the earlier certificates stay in use`);
    }
  }
}
