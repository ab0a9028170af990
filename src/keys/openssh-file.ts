/** What an OpenSSH private key file says without its passphrase (PROTOCOL.key of OpenSSH). */

import { MalformedKey, WireReader } from './ssh-wire.ts';

interface OpensshHeader {
  readonly encrypted: boolean;
  readonly publicBlob: Buffer;
  /** Throws a MalformedKey for what bai cannot open, and what would keep it busy for minutes. */
  requireOpenable(): void;
}

/** Whole, and of use to ssh, but not to bai. */
export class UnknownCipher extends MalformedKey {}

const magic = 'openssh-key-v1\0';

/** ssh-keygen makes 16 or 24, and `-a` more; a thousand take ten seconds. */
const mostRounds = 1_000;

/** Throws a MalformedKey. */
export function readOpensshHeader(pem: string): OpensshHeader {
  const base64 = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new MalformedKey('it is damaged');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic) throw new MalformedKey('it is damaged');
  const reader = new WireReader(bytes.subarray(magic.length));
  const [cipher, kdf] = [reader.string().toString('latin1'), reader.string().toString('latin1')];
  const options = reader.string();
  if (reader.length() !== 1) throw new MalformedKey('it does not hold one key');
  const publicBlob = reader.string();
  reader.string();
  const encrypted = cipher !== 'none';
  return { encrypted, publicBlob, requireOpenable: () => encrypted && checkKdf(cipher, kdf, options) };
}

function checkKdf(cipher: string, kdf: string, options: Buffer): void {
  if (
    kdf !== 'bcrypt' ||
    !/^(3des-cbc|aes(128|192|256)-(ctr|cbc)|aes(128|256)-gcm@openssh\.com)$/.test(cipher)
  ) {
    throw new UnknownCipher('it is encrypted in a way that bai does not know');
  }
  const reader = new WireReader(options);
  reader.string();
  const rounds = reader.length();
  if (rounds < 1 || rounds > mostRounds) throw new MalformedKey(`it asks for ${rounds} rounds of bcrypt`);
}
