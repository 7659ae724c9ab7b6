import type { ConnectionOptions } from 'node:tls';
import { Logger } from '@nestjs/common';
import {
  PostgresUrlError,
  readTlsFiles,
  ThrottledLog,
  tlsOptions,
  type PostgresTls,
  type TlsContents,
} from '#libs/common';

/**
 * The options of TLS for new connections. The files are read for each of them: a certificate that has been replaced is
 * used without a restart. Files that cannot be used, such as a certificate without its new key, are logged, and the
 * previous ones are used.
 */
export class TlsFiles {
  private readonly logger = new Logger('Postgres');
  private readonly log = new ThrottledLog((_fields, message) => this.logger.warn(message));
  private contents: TlsContents;
  private options: ConnectionOptions;

  /** @throws PostgresUrlError */
  constructor(private readonly tls: PostgresTls) {
    this.contents = readTlsFiles(tls);
    this.options = tlsOptions(tls.mode, this.contents);
  }

  /** Reads the files: at most three, of some kilobytes. */
  current(): ConnectionOptions {
    try {
      const contents = readTlsFiles(this.tls);
      if (!isSame(contents, this.contents)) {
        this.options = tlsOptions(this.tls.mode, contents);
        this.contents = contents;
      }
    } catch (error) {
      if (!(error instanceof PostgresUrlError)) {
        throw error;
      }
      this.log.write({}, `DATABASE_URL ${error.problem}: new connections use the previous files`);
    }
    return this.options;
  }
}

function isSame(one: TlsContents, other: TlsContents): boolean {
  const names = Object.keys(one) as (keyof TlsContents)[];
  return names.every((name) => other[name] !== undefined && one[name]?.equals(other[name]));
}
