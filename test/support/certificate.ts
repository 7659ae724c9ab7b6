import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../tools/local/run.mjs';
import { programOfPackage } from './debian-package';
import { sharedStores } from './shared-stores';

/** A self-signed certificate for `localhost`; PEM, and the file that contains it. */
export interface TestCertificate {
  cert: string;
  key: string;
  file: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export async function selfSignedCertificate(): Promise<TestCertificate> {
  const folder = newCertificateFolder();
  const [file, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  await openssl('req', '-x509', ...NEW_KEY, ...names, '-keyout', keyFile, '-out', file);
  return { cert: readFileSync(file, 'utf8'), key: readFileSync(keyFile, 'utf8'), file };
}

/** A certificate authority of one test. */
export class TestAuthority {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<TestAuthority> {
    const authority = new TestAuthority(newCertificateFolder());
    const { keyFile, file } = authority;
    const name = ['-subj', '/CN=authority'];
    await openssl('req', '-x509', ...NEW_KEY, ...name, '-keyout', keyFile, '-out', file);
    return authority;
  }

  /** Its own certificate. */
  get file(): string {
    return join(this.folder, 'authority.pem');
  }

  /** Signs a certificate with this common name, which is a name of the host as well. */
  async sign(name: string): Promise<{ file: string; keyFile: string }> {
    const folder = newCertificateFolder();
    const at = (file: string) => join(folder, file);
    const [file, keyFile, request, extensions] = [
      at('cert.pem'),
      at('key.pem'),
      at('request.pem'),
      at('extensions'),
    ];
    writeFileSync(extensions, `subjectAltName=DNS:${name}`);
    await openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request);
    const signer = ['-CA', this.file, '-CAkey', this.keyFile, '-CAcreateserial'];
    await openssl(
      'x509',
      '-req',
      ...signer,
      ...['-in', request, '-extfile', extensions, '-out', file],
    );
    return { file, keyFile };
  }

  private get keyFile(): string {
    return join(this.folder, 'authority-key.pem');
  }
}

function newCertificateFolder(): string {
  return mkdtempSync(join(sharedStores().folder, 'certificate-'));
}

async function openssl(...args: string[]): Promise<void> {
  const program = await programOfPackage('openssl', 'openssl');
  const { ok, output } = await run(program, args, { deadlineMs: 30_000 });
  if (!ok) {
    throw new Error(`openssl could not make a certificate: ${output}`);
  }
}
