/** What the network's and TLS's failures mean to a user, whoever stands at the other end. */

import { BaiError, reasonOf, systemCode, UnreachableError } from '../errors.ts';
import type { ServerName } from './server-name.ts';

/** Who did not answer. */
interface Peer {
  /** For messages: `the manager at https://api.example.com`. */
  readonly label: string;
  /** `the manager`; nothing: nobody knows who should be there. */
  readonly name?: string;
  /** Short: whose certificate it is, and who runs it. */
  readonly host: string;
  /** Whether skipTlsVerify is for it. */
  readonly maySkipVerify: boolean;
  /** It is spoken to without TLS. */
  readonly isPlain: boolean;
}

interface Failure {
  readonly message: string;
  readonly hint: string;
  /** There is no way on before somebody trusts or replaces a certificate. */
  readonly isCertificate: boolean;
}

interface FailedWay {
  /** Words for what is in between, such as `the proxy http://proxy.example:3128 (HTTP_PROXY)`. */
  readonly through?: string | undefined;
  readonly server?: ServerName;
  readonly now?: Date;
}

/** A failure to get any answer from `url`. Anything it does not know is returned as it is. */
export function networkError(
  error: unknown,
  url: URL,
  { through, server, now = new Date() }: FailedWay = {},
): unknown {
  if (error instanceof BaiError) return error;
  // Node's own error for an aborted request has the signal's reason as its cause.
  if (error instanceof Error && error.name === 'AbortError' && error.cause instanceof Error)
    return reasonOf(AbortSignal.abort(error.cause));
  const failure = describeFailure(error, peerAt(url, through, server), now);
  if (failure === undefined) return error;
  const { message, hint, isCertificate } = failure;
  return new UnreachableError(message, { ...(isCertificate && { code: 'tls' }), cause: error, hint });
}

function peerAt(url: URL, through: string | undefined, server: ServerName | undefined): Peer {
  const way = through === undefined ? '' : ` through ${through}`;
  const name = server?.name ?? unnamed;
  return {
    label: `${name} at ${url.origin}${way}`,
    name,
    host: url.host,
    maySkipVerify: true,
    isPlain: url.protocol === 'http:',
  };
}

const unnamed = 'the server';

/** Nothing for an error that is not of the network. */
export function describeFailure(error: unknown, peer: Peer, now = new Date()): Failure | undefined {
  const code = nodeCode(error);
  const certificate = certificateFailures[code] ?? unspecified(error, code);
  if (certificate !== undefined) {
    const { what, cure } = certificate;
    return {
      message: `the TLS certificate of ${peer.host} is not trusted: ${what}`,
      hint: cure({ error, peer, now }),
      isCertificate: true,
    };
  }
  const [what, hint] = networkFailures[code] ?? handshakeFailure(code) ?? notHttp(error, code) ?? [];
  if (what === undefined || hint === undefined) return undefined;
  // Many a TLS server hangs up on plain HTTP.
  const more = what === cut[0] && peer.isPlain ? ', and whether the endpoint must be https://' : '';
  return {
    message: `cannot reach ${peer.label}: ${what} (${code})`,
    hint: (typeof hint === 'string' ? hint : hint(peer.name ?? unnamed)) + more,
    isCertificate: false,
  };
}

interface Circumstances {
  readonly error: unknown;
  readonly peer: Peer;
  readonly now: Date;
}

interface CertificateFailure {
  readonly what: string;
  readonly cure: (circumstances: Circumstances) => string;
}

const trustIt = (what: string, { maySkipVerify }: Peer): string =>
  `give ${what} with NODE_EXTRA_CA_CERTS=FILE (PEM)${maySkipVerify ? '; a test server can be used with BAI_SKIP_TLS_VERIFY=yes' : ''}`;
const clockOf = (now: Date): string => `this machine's clock, which says ${now.toISOString().slice(0, 16)}Z`;

const expired: CertificateFailure = {
  what: 'it has expired',
  cure: ({ peer, now }) => `have it renewed by whoever runs ${peer.host}; or correct ${clockOf(now)}`,
};
const notYetValid: CertificateFailure = {
  what: 'it is not valid yet',
  cure: ({ peer, now }) => `correct ${clockOf(now)}; if it is right, ask whoever runs ${peer.host}`,
};
const selfSigned: CertificateFailure = {
  what: 'it is self-signed',
  cure: ({ peer }) => trustIt('that certificate', peer),
};
const unknownRoot: CertificateFailure = {
  what: 'its chain ends in a CA that this machine does not know (a self-signed certificate)',
  cure: ({ peer }) =>
    trustIt("that CA, your organisation's or that of a proxy that opens TLS connections,", peer),
};
const unknownIssuer: CertificateFailure = {
  what: 'its issuer is not known',
  cure: ({ peer }) =>
    `${trustIt("your organisation's CA", peer)}. With a public CA the server has to send the certificates in between`,
};
const otherName: CertificateFailure = {
  what: 'it was made for another host name',
  cure: ({ error }) =>
    `use a name it was made for in the endpoint${namesIn(error)}, or have one made for this name`,
};
const revoked: CertificateFailure = {
  what: 'its issuer has revoked it',
  cure: ({ peer }) => `do not go on: ask whoever runs ${peer.host}`,
};
const brokenChain: CertificateFailure = {
  what: 'its chain is not in order',
  cure: ({ peer }) => `who runs ${peer.host} has to fix its certificates`,
};

/** By the names that Node gives to OpenSSL's X509_V_ERR_… and its own. */
const certificateFailures: Readonly<Record<string, CertificateFailure>> = {
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: notYetValid,
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  SELF_SIGNED_CERT_IN_CHAIN: unknownRoot,
  UNABLE_TO_GET_ISSUER_CERT: unknownIssuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownIssuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownIssuer,
  CERT_UNTRUSTED: unknownIssuer,
  CERT_REJECTED: unknownIssuer,
  ERR_TLS_CERT_ALTNAME_INVALID: otherName,
  ERR_TLS_CERT_ALTNAME_FORMAT: otherName,
  HOSTNAME_MISMATCH: otherName,
  CERT_REVOKED: revoked,
  ...Object.fromEntries(
    [
      'CERT_SIGNATURE_FAILURE',
      'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
      'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
      'ERROR_IN_CERT_NOT_BEFORE_FIELD',
      'ERROR_IN_CERT_NOT_AFTER_FIELD',
      'CERT_CHAIN_TOO_LONG',
      'INVALID_CA',
      'INVALID_PURPOSE',
      'PATH_LENGTH_EXCEEDED',
    ].map((code) => [code, brokenChain]),
  ),
};

/** Node's name for what OpenSSL found and Node has no name for, such as a key that is too short. */
function unspecified(error: unknown, code: string): CertificateFailure | undefined {
  if (code !== 'UNSPECIFIED' || !(error instanceof Error)) return undefined;
  return { what: error.message, cure: brokenChain.cure };
}

/** The names a certificate was made for, as far as a line holds them. */
function namesIn(error: unknown): string {
  const certificate = error instanceof Error && 'cert' in error ? error.cert : undefined;
  if (typeof certificate !== 'object' || certificate === null || !('subjectaltname' in certificate))
    return '';
  const names = String(certificate.subjectaltname).replace(/(DNS|IP Address):/g, '');
  return ` (${names.length > 100 ? `${names.slice(0, 100)}…` : names})`;
}

/** The hint may depend on the name of who is spoken to. */
type Words = readonly [what: string, hint: string | ((name: string) => string)];

const cut: Words = [
  'the connection was cut',
  'try again; if it persists, check for a proxy or firewall in between',
];
const schemes = 'check whether the endpoint is http:// or https://';

const networkFailures: Readonly<Record<string, Words>> = {
  ECONNREFUSED: ['nothing listens there', (name) => `check the endpoint, and that ${name} runs`],
  ENOTFOUND: ['the host name is not known', 'check the endpoint for a typing error, and your DNS or VPN'],
  EAI_AGAIN: ['the name server does not answer', 'check your network or VPN'],
  ETIMEDOUT: ['no answer', 'check your network (VPN, proxy, firewall)'],
  EHOSTUNREACH: ['no route to the host', 'check your network or VPN'],
  EHOSTDOWN: ['the host is down', 'check your network or VPN'],
  ENETUNREACH: ['no route to the network', 'check your network or VPN'],
  ENETDOWN: ['the network is down', 'check your network or VPN'],
  EADDRNOTAVAIL: ['this machine has no address for it', 'check your network or VPN'],
  ECONNRESET: cut,
  ECONNABORTED: cut,
  EPIPE: cut,
  EPROTO: ['the TLS handshake failed', schemes],
  ERR_TLS_HANDSHAKE_TIMEOUT: ['the TLS handshake did not end', 'check your network (VPN, proxy, firewall)'],
};

const noTls: Words = [
  'no TLS is spoken there',
  'that port most likely speaks plain HTTP: write http:// in the endpoint, or the port that speaks TLS',
];
const noCommonTls: Words = [
  'no version or cipher of TLS is spoken on both sides',
  'the server speaks an old TLS: it needs TLS 1.2 or 1.3 and a key that is not too short',
];
const clientCertificate: Words = [
  'it asks for a certificate of the client, or refuses one',
  (name) => `bai has none to show: ask for an address of ${name} that asks for none`,
];
const unknownName: Words = [
  'it serves no host of that name',
  (name) => `check the endpoint: it is ${name}'s own host name, not an address or another name for it`,
];

/** By the reasons of OpenSSL, behind `ERR_SSL_`. */
const handshakeReasons: readonly (readonly [RegExp, Words])[] = [
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|BAD_RECORD_TYPE|UNEXPECTED_MESSAGE/,
    noTls,
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_|NO_SHARED_CIPHER|HANDSHAKE_FAILURE|TOO_SMALL|TOO_WEAK|LEGACY/,
    noCommonTls,
  ],
  [
    /ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|NO_CERTIFICATE|ACCESS_DENIED)/,
    clientCertificate,
  ],
  [/UNRECOGNIZED_NAME/, unknownName],
];

function handshakeFailure(code: string): Words | undefined {
  if (!code.startsWith('ERR_SSL_')) return undefined;
  const found = handshakeReasons.find(([pattern]) => pattern.test(code));
  return found?.[1] ?? ['the TLS handshake failed', schemes];
}

/** The first byte of a TLS alert, which is what a TLS server answers to plain HTTP. */
const tlsAlert = 0x15;

function notHttp(error: unknown, code: string): Words | undefined {
  if (!/^(HPE_|ERR_TLS|ERR_HTTP)/.test(code)) return undefined;
  const packet = error instanceof Error && 'rawPacket' in error ? error.rawPacket : undefined;
  if (packet instanceof Uint8Array && packet[0] === tlsAlert)
    return ['TLS is spoken there', 'write https:// in the endpoint'];
  return ['it does not speak HTTP as expected', schemes];
}

function nodeCode(error: unknown): string {
  const known = systemCode(error);
  if (known === 'EPROTO') return opensslCode(error) ?? known;
  if (known !== undefined) return known;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** What failed while writing has OpenSSL's reason in its message alone; while reading Node makes this code of it. */
function opensslCode(error: unknown): string | undefined {
  const reason =
    error instanceof Error ? /:SSL routines:[^:]*:([\w ]+):/.exec(error.message)?.[1] : undefined;
  return reason === undefined ? undefined : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}
