import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConflictError, UsageError } from '../../src/errors.ts';
import { checkBeside, readAccountPair } from '../../src/keys/account-pair.ts';
import { publicBlobOf } from '../../src/keys/public-half.ts';
import { tempFolder } from '../support/temp-folder.ts';

const kinds = [
  ['rsa', '2048'],
  ['ecdsa', '256'],
  ['ecdsa', '384'],
  ['ecdsa', '521'],
  ['ed25519', '256'],
] as const;

test.each(kinds)('%s %s is read; where PEM knows the type its PEM has the same public half', (type, bits) => {
  const made = keygen(['-t', type, '-b', bits]);
  const pair = readAccountPair(made.bytes, 'FILE');
  expect(pair.publicLine).toBe(made.publicLine.split(' ').slice(0, 2).join(' '));
  expect(pair.fingerprint).toBe(made.fingerprint);
  if (type === 'ed25519') return expect(pair.pem).toBeUndefined();
  expect(pair.pem).toMatch(/^-----BEGIN (RSA|EC) PRIVATE KEY-----\n/);
  expect(publicOf(pair.pem ?? '')).toBe(pair.publicLine);
  expect(() => createPublicKey(pair.pem ?? '')).not.toThrow();
});

test.each(kinds)(
  'the public half of %s %s is found in both forms, with and without a passphrase',
  (type, bits) => {
    for (const form of [[], ['-m', 'PEM']]) {
      for (const passphrase of ['', 'secret']) {
        const made = keygen(['-t', type, '-b', bits, ...form], passphrase);
        const found = publicBlobOf(made.bytes);
        const hidden = passphrase !== '' && made.bytes.includes('Proc-Type');
        expect(found && Buffer.from(found).toString('base64'), `${form.join(' ')} ${passphrase}`).toBe(
          hidden ? undefined : made.publicLine.split(' ')[1],
        );
      }
    }
  },
);

test('a cipher that bai cannot open hides neither the public half nor that there is a passphrase', () => {
  const made = keygen(['-t', 'ed25519', '-Z', 'chacha20-poly1305@openssh.com'], 'secret');
  const found = publicBlobOf(made.bytes) ?? new Uint8Array();
  expect(Buffer.from(found).toString('base64')).toBe(made.publicLine.split(' ')[1]);
  expect(() => readAccountPair(made.bytes, 'FILE')).toThrow(/passphrase, which a manager/);
});

test.each([
  ['a passphrase', () => keygen(['-t', 'ed25519'], 'secret').bytes, /passphrase/, 'key-unusable'],
  [
    'a passphrase, as PEM',
    () => keygen(['-t', 'rsa', '-m', 'PEM'], 'secret').bytes,
    /passphrase/,
    'key-unusable',
  ],
  [
    'a passphrase, as PKCS#8',
    () => keygen(['-t', 'rsa', '-m', 'PKCS8'], 'secret').bytes,
    /passphrase/,
    'key-unusable',
  ],
  ['the form of PuTTY', () => Buffer.from('PuTTY-User-Key-File-3: ssh-ed25519\n'), /PuTTY/, 'key-ppk'],
  ['1024 bits', () => keygen(['-t', 'rsa', '-b', '1024']).bytes, /1024 bits/, 'weak-key'],
  ['the type DSA', dsa, /DSA/, 'weak-key'],
  [
    'nothing but a public half',
    () => Buffer.from(keygen(['-t', 'ed25519']).publicLine),
    /public key/,
    'usage',
  ],
] as const)('a key with %s is refused with what to do', (_, make, words, code) => {
  const read = () => readAccountPair(make(), '/home/me/.ssh/key');
  expect(read).toThrow(UsageError);
  expect(read).toThrow(words);
  expect(read).toThrow(expect.objectContaining({ code, hint: expect.stringMatching(/./) }));
});

test('a file whose halves are of different keys is refused', () => {
  const [one, other] = [keygen(['-t', 'ed25519']), keygen(['-t', 'ed25519'])];
  const ours = Buffer.from(one.publicLine.split(' ')[1] ?? '', 'base64').subarray(-32);
  const theirs = Buffer.from(other.publicLine.split(' ')[1] ?? '', 'base64').subarray(-32);
  const body = Buffer.from(one.bytes.toString().replaceAll(/-----.*-----/g, ''), 'base64');
  // Everywhere: in the header, in the private part, and behind the seed.
  for (let at = body.indexOf(ours); at >= 0; at = body.indexOf(ours, at)) theirs.copy(body, at);
  const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
  expect(() => readAccountPair(Buffer.from(text), 'FILE')).toThrow(/do not belong together|cannot be used/);
});

test('a .pub beside the key that belongs to another key is refused, the right one is not', () => {
  const [one, other] = [keygen(['-t', 'ed25519']), keygen(['-t', 'ed25519'])];
  const pair = readAccountPair(one.bytes, 'FILE');
  expect(() => checkBeside(pair, Buffer.from(one.publicLine), 'FILE')).not.toThrow();
  expect(() => checkBeside(pair, Buffer.from(other.publicLine), 'FILE')).toThrow(ConflictError);
  expect(() => checkBeside(pair, Buffer.from('no key'), 'FILE')).toThrow(ConflictError);
});

test('no message about a refused key holds any of it', () => {
  const { bytes } = keygen(['-t', 'rsa', '-b', '1024']);
  const secret = bytes.toString().split('\n')[5] ?? '';
  expect(secret.length).toBeGreaterThan(60);
  try {
    readAccountPair(bytes, 'FILE');
  } catch (error) {
    expect(JSON.stringify(error) + String(error)).not.toContain(secret.slice(0, 12));
  }
});

function keygen(options: readonly string[], passphrase = '') {
  using folder = tempFolder();
  const path = join(folder.path, 'key');
  execFileSync('ssh-keygen', ['-q', ...options, '-N', passphrase, '-C', 'test', '-f', path]);
  const fingerprint =
    execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }).split(' ')[1] ?? '';
  return { bytes: readFileSync(path), publicLine: readFileSync(`${path}.pub`, 'utf8').trim(), fingerprint };
}

/** ssh-keygen makes no DSA keys any more. */
function dsa(): Buffer {
  const { privateKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
  const input = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return execFileSync('openssl', ['pkey', '-traditional'], { input, stdio: ['pipe', 'pipe', 'ignore'] });
}

/** As ssh-keygen reads it. */
function publicOf(text: string): string {
  using folder = tempFolder();
  const path = join(folder.path, 'key');
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' })
    .trim()
    .split(' ')
    .slice(0, 2)
    .join(' ');
}
