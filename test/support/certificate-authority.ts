import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../tools/local/run.mjs';
import { programOfPackage } from './debian-package';
import { newFolder } from './stores';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Paths of a certificate and its key, in PEM. */
export interface IssuedCertificate {
  certFile: string;
  keyFile: string;
}

/** An authority that issues certificates for clients, and for servers on the loopback interface. */
export class CertificateAuthority {
  private issued = 0;

  private constructor(
    private readonly openssl: string,
    private readonly folder: string,
  ) {}

  static async create(): Promise<CertificateAuthority> {
    const openssl = await programOfPackage('openssl', 'openssl');
    const authority = new CertificateAuthority(openssl, newFolder('authority-'));
    const outputs = ['-keyout', authority.path('ca-key.pem'), '-out', authority.file];
    const subject = ['-subj', `/CN=authority ${authority.folder.slice(-6)}`];
    await authority.run(['req', '-x509', ...NEW_KEY, ...subject, ...outputs]);
    return authority;
  }

  /** Its own certificate. */
  get file(): string {
    return this.path('ca.pem');
  }

  /** @param commonName of a client; a server is found by its address. */
  async issue(commonName: string): Promise<IssuedCertificate> {
    this.issued += 1;
    const name = this.path(`issued-${this.issued}`);
    const [certFile, keyFile] = [`${name}.pem`, `${name}-key.pem`];
    const [request, extensions] = [`${name}.csr`, `${name}.ext`];
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    const subject = ['-subj', `/CN=${commonName}`];
    await this.run(['req', '-new', ...NEW_KEY, ...subject, '-keyout', keyFile, '-out', request]);
    const authority = ['-CA', this.file, '-CAkey', this.path('ca-key.pem'), '-CAcreateserial'];
    const files = ['-in', request, '-out', certFile, '-extfile', extensions];
    await this.run(['x509', '-req', '-days', '1', ...authority, ...files]);
    return { certFile, keyFile };
  }

  private path(name: string): string {
    return join(this.folder, name);
  }

  private async run(args: string[]): Promise<void> {
    const { ok, output } = await run(this.openssl, args, { deadlineMs: 30_000 });
    if (!ok) {
      throw new Error(`openssl ${args[0]} failed: ${output}`);
    }
  }
}
