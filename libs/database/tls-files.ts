import type { ConnectionOptions } from 'node:tls';
import { Logger } from '@nestjs/common';
import {
  postgresTlsOptions,
  PostgresUrlError,
  readPostgresTlsFiles,
  ThrottledLog,
  type PostgresTls,
  type TlsMaterial,
} from '#libs/common';

/**
 * The options of TLS for new connections. The files are read for each of them: a certificate that has been replaced is
 * used without a restart. Files that cannot be used, such as a certificate without its new key, are logged, and the
 * previous ones are used.
 */
export class TlsFiles {
  private readonly logger = new Logger('Postgres');
  private readonly log = new ThrottledLog((_fields, message) => this.logger.warn(message));
  private material: TlsMaterial;
  private options: ConnectionOptions;

  /** @throws PostgresUrlError */
  constructor(private readonly tls: PostgresTls) {
    this.material = readPostgresTlsFiles(tls);
    this.options = postgresTlsOptions(tls.mode, this.material);
  }

  /** Reads the files: at most three, of some kilobytes. */
  current(): ConnectionOptions {
    try {
      const material = readPostgresTlsFiles(this.tls);
      if (!isSame(material, this.material)) {
        this.options = postgresTlsOptions(this.tls.mode, material);
        this.material = material;
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

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return one.ca === other.ca && one.cert === other.cert && one.key === other.key;
}
