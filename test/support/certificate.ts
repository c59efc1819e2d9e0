import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key and its self-signed certificate, both in PEM. */
export type Certificate = { readonly key: string; readonly cert: string };

/**
 * Makes a certificate that lasts for two days.
 * @param subjects as in a certificate's subjectAltName, e.g. `DNS:mcp.test`
 * @throws when the openssl command is missing
 */
export function makeCertificate(...subjects: readonly string[]): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=test', '-addext', `subjectAltName=${subjects.join(',')}`, '-keyout', key, '-out', cert],
      ],
      { stdio: 'pipe', timeout: 20_000 },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
