/** TLS certificates for servers of tests: signed by themselves, or by an authority of the test's own. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** For NODE_EXTRA_CA_CERTS. */
  readonly file: string;
}

const localNames = 'IP:127.0.0.1,DNS:localhost';

export function makeCertificate(folder: string, names = localNames): Certificate {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${names}`];
  const form = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
  openssl([...form, ...subject]);
  return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
}

export interface IssuedOptions {
  /** Days from now; both may be in the past or the future. */
  readonly from?: number;
  readonly to?: number;
  readonly names?: string;
  /** The server sends its authority along. */
  readonly withAuthority?: boolean;
}

/** Signed by an authority that the folder keeps; `file` is that authority. */
export function issueCertificate(
  folder: string,
  { from = -1, to = 30, names = localNames, withAuthority = false }: IssuedOptions = {},
): Certificate {
  const at = (name: string): string => join(folder, name);
  if (!existsSync(at('ca.pem'))) makeAuthority(folder);
  const name = `issued-${from}-${to}`;
  openssl([
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-keyout',
    at(`${name}.key`),
    '-out',
    at(`${name}.csr`),
  ]);
  writeFileSync(at('extensions.cnf'), `subjectAltName=${names}\n`);
  openssl([
    ...['ca', '-batch', '-notext', '-config', at('ca.cnf'), '-extfile', at('extensions.cnf')],
    ...[
      '-startdate',
      asn1Time(from),
      '-enddate',
      asn1Time(to),
      '-in',
      at(`${name}.csr`),
      '-out',
      at(`${name}.pem`),
    ],
  ]);
  const own = readFileSync(at(`${name}.pem`));
  const cert = withAuthority ? Buffer.concat([own, readFileSync(at('ca.pem'))]) : own;
  return { key: readFileSync(at(`${name}.key`)), cert, file: at('ca.pem') };
}

function makeAuthority(folder: string): void {
  const at = (name: string): string => join(folder, name);
  openssl([
    ...[
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '30',
      '-subj',
      '/CN=an authority of a test',
    ],
    ...['-keyout', at('ca.key'), '-out', at('ca.pem')],
  ]);
  writeFileSync(at('index.txt'), '');
  writeFileSync(
    at('ca.cnf'),
    `[ca]
default_ca = own
[own]
database = ${at('index.txt')}
new_certs_dir = ${folder}
certificate = ${at('ca.pem')}
private_key = ${at('ca.key')}
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
`,
  );
}

/** `YYYYMMDDHHMMSSZ` */
function asn1Time(days: number): string {
  const date = new Date(Date.now() + days * 86_400_000);
  return `${date.toISOString().slice(0, 19).replace(/\D/g, '')}Z`;
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}
