import { mkdtempSync, readFileSync } from 'node:fs';
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

export async function selfSignedCertificate(): Promise<TestCertificate> {
  const openssl = await programOfPackage('openssl', 'openssl');
  const folder = mkdtempSync(join(sharedStores().folder, 'certificate-'));
  const [file, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const outputs = ['-keyout', keyFile, '-out', file];
  const { ok, output } = await run(openssl, ['req', '-x509', ...key, ...names, ...outputs], {
    deadlineMs: 30_000,
  });
  if (!ok) {
    throw new Error(`openssl could not make a certificate: ${output}`);
  }
  return { cert: readFileSync(file, 'utf8'), key: readFileSync(keyFile, 'utf8'), file };
}
