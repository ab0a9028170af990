/** How a release checks a key pair that is uploaded: not at all before 25.6, PEM alone before 26.4.4. */

import { createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';
import ssh2 from 'ssh2';
import { Problem } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';

export function checkKeypair(publicKey: string, privateKey: string, behaviour: ReleaseBehaviour): void {
  if (!behaviour.atLeast('25.6')) return;
  const refuse = behaviour.atLeast('26.4.4') ? refusal : olderRefusal;
  const key = privateKeyOf(privateKey, behaviour, refuse);
  const parsed = ssh2.utils.parseKey(publicKey);
  if (parsed instanceof Error || parsed.isPrivateKey()) throw refuse('public', 'Invalid public key format');
  if (!belongTogether(key, parsed.getPublicPEM())) {
    throw refuse('mismatch', 'Public key does not match the private key');
  }
}

type Refuse = (part: keyof typeof slugs, msg: string) => Problem;

function privateKeyOf(text: string, behaviour: ReleaseBehaviour, refuse: Refuse): KeyObject {
  if (isEncrypted(text)) throw refuse('private', 'Password-protected private keys are not supported');
  const isOpenSsh = text.startsWith('-----BEGIN OPENSSH PRIVATE KEY-----');
  const parsed = isOpenSsh && behaviour.atLeast('26.4.4') ? ssh2.utils.parseKey(text) : undefined;
  try {
    if (parsed instanceof Error) throw parsed;
    return createPrivateKey(parsed?.getPrivatePEM() ?? text);
  } catch {
    // Whatever the parsers make of it, it is not a private key.
    throw refuse('private', 'Invalid private key format');
  }
}

/** OpenSSH's form names the cipher behind its magic and a length. */
function isEncrypted(text: string): boolean {
  if (/^(Proc-Type: 4,ENCRYPTED|-----BEGIN ENCRYPTED PRIVATE KEY-----)/m.test(text)) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*)-----END/.exec(text)?.[1];
  return body !== undefined && Buffer.from(body, 'base64').subarray(19, 23).toString('latin1') !== 'none';
}

function belongTogether(privateKey: KeyObject, publicPem: string): boolean {
  const message = Buffer.from('the emulator checks a pair');
  const hash = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  try {
    return verify(hash, message, publicPem, sign(hash, message, privateKey));
  } catch {
    // Keys of different types.
    return false;
  }
}

const slugs = {
  private: ['invalid-ssh-private-key', 'The SSH private key is invalid or in an unsupported format.'],
  public: ['invalid-ssh-public-key', 'The SSH public key is invalid or in an unsupported format.'],
  mismatch: ['ssh-keypair-mismatch', 'The SSH public key does not match the private key.'],
} as const;

function refusal(part: keyof typeof slugs, msg: string): Problem {
  const [slug, title] = slugs[part];
  const what = part === 'mismatch' ? 'invalid-parameters' : 'invalid-data-format';
  return new Problem(400, { slug, title, code: `user-keypair_create_${what}`, msg });
}

function olderRefusal(_part: keyof typeof slugs, msg: string): Problem {
  return new Problem(400, {
    slug: 'invalid-api-params',
    title: 'Missing or invalid API parameters.',
    code: 'api_generic_invalid-parameters',
    msg,
  });
}
