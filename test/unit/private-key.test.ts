import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { beforeAll, expect, test } from 'vitest';
import { ProtocolError, UsageError } from '../../src/errors.ts';
import { writeKey } from '../../src/keys/key-formats.ts';
import { keyPairOf } from '../../src/keys/key-pair.ts';
import { readIssuedKey, readOwnKey } from '../../src/keys/private-key.ts';
import { tempFolder } from '../support/temp-folder.ts';

const origin = 'the id_container of session demo';
let rsa: string;

beforeAll(() => {
  rsa = pem('rsa', 'pkcs1');
});

const forms: Record<string, () => string> = {
  'RSA as PKCS#1': () => rsa,
  'RSA as PKCS#8': () => pem('rsa', 'pkcs8'),
  'RSA as OpenSSH': () => openssh('rsa'),
  'ed25519 as OpenSSH': () => openssh('ed25519'),
  'ECDSA as OpenSSH': () => openssh('ecdsa'),
  'ECDSA as SEC 1': () => pem('ec', 'sec1'),
  'ECDSA as PKCS#8': () => pem('ec', 'pkcs8'),
};

test.each(Object.keys(forms))('%s is read, and both ssh-keygen and ssh2 take what comes out', (name) => {
  const read = readIssuedKey(Buffer.from(forms[name]?.() ?? ''), origin);
  expect(read.text).toMatch(
    /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n[\s\S]+\n-----END [A-Z ]*PRIVATE KEY-----\n$/,
  );
  expect(keygen(read.text)).toBe(read.publicKey);
  expect(ssh2.utils.parseKey(read.text)).not.toBeInstanceOf(Error);
  expect(read.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
});

test('an ed25519 key as PKCS#8, which only newer OpenSSH reads, is used or explained', () => {
  const text = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  expect(() => readIssuedKey(Buffer.from(text), origin)).toThrow(UsageError);
  expect(() => readIssuedKey(Buffer.from(text), origin)).toThrow(/PKCS#8/);
});

test('bytes in front of the key and after it are cut, as older managers put them there', () => {
  const dirty = `id_container\0\0\x01\xff binary\n${rsa}\0\0\0\0trailing`;
  const read = readIssuedKey(Buffer.from(dirty, 'latin1'), origin);
  expect(read.text).toBe(rsa);
});

test('Windows line ends become plain ones', () => {
  expect(readIssuedKey(Buffer.from(rsa.replaceAll('\n', '\r\n')), origin).text).toBe(rsa);
});

test('a key without a last newline gets one, for OpenSSH reads no other', () => {
  expect(readIssuedKey(Buffer.from(rsa.trimEnd()), origin).text).toBe(rsa);
});

test.each<readonly [string, () => string | Uint8Array]>([
  ['nothing', () => ''],
  ['an HTML page', () => '<!doctype html><title>Sign in</title>'],
  ['JSON', () => '{"type":"https://api.backend.ai/probs/generic-bad-request"}'],
  ['random bytes', () => Buffer.from(Array.from({ length: 2_000 }, (_, index) => (index * 7) & 255))],
  ['zeros', () => Buffer.alloc(1_679)],
  ['the first half of a key', () => rsa.slice(0, rsa.length / 2)],
  ['a key without its last line', () => rsa.slice(0, rsa.indexOf('-----END'))],
  [
    'a last line before a first',
    () => `${rsa.slice(rsa.indexOf('-----END'))}-----BEGIN RSA PRIVATE KEY-----\n`,
  ],
  ['an escape sequence inside', () => rsa.replace('\n', '\n\x1b]0;owned\x07')],
  ['a NUL inside', () => rsa.replace('M', 'M\0')],
])('%s is no key', (_, content) => {
  const read = () => readIssuedKey(Buffer.from(content()), origin);
  expect(read).toThrow(ProtocolError);
  expect(read).toThrow(origin);
});

test.each<readonly [string, () => string]>([
  ['a certificate', () => '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'],
  [
    'a public key',
    () =>
      String(
        generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }),
      ),
  ],
  ['a key with a part missing', () => rsa.replace(/\n.{64}\n.{64}\n/, '\n')],
  ['a PKCS#8 key of garbage', () => '-----BEGIN PRIVATE KEY-----\nTm90IGEga2V5\n-----END PRIVATE KEY-----\n'],
  [
    'a DSA key',
    () =>
      String(
        generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
      ),
  ],
  ['a key with a passphrase', () => openssh('ed25519', 'secret')],
])('%s is explained, and is never a bug of bai’s', (_, content) => {
  const read = () => readIssuedKey(Buffer.from(content()), origin);
  expect(read).toThrow(expect.objectContaining({ exitCode: expect.any(Number), hint: expect.anything() }));
  expect(read).toThrow(origin);
});

test('no message about a key holds any of it', () => {
  const broken = rsa.replace(/\n.{64}\n.{64}\n/, '\n');
  const secret = rsa.split('\n')[5] ?? '';
  try {
    readIssuedKey(Buffer.from(broken), origin);
  } catch (error) {
    expect(String(error) + JSON.stringify(error)).not.toContain(secret.slice(0, 20));
  }
});

test('a .pub given as identity is said to be one, with the name of the private half', () => {
  for (const text of [
    'ssh-ed25519 AAAAC3 me@here\n',
    'ecdsa-sha2-nistp256 AAAAE2 x',
    'sk-ssh-ed25519@openssh.com AAAAG x',
  ]) {
    const read = () => readOwnKey(Buffer.from(text), '/home/me/.ssh/id_ed25519.pub');
    expect(read).toThrow(UsageError);
    expect(read).toThrow(/is a public key/);
    expect(read).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('/home/me/.ssh/id_ed25519') }),
    );
  }
});

test('a key of PuTTY given as identity is said to be one, with the command that converts it', async () => {
  const pair = keyPairOf(generateKeyPairSync('ed25519').privateKey, 'me');
  const ppk = await writeKey(pair, { format: 'ppk', passphrase: undefined });
  expect(() => readOwnKey(ppk, '/home/me/my keys/id.ppk')).toThrow(
    expect.objectContaining({
      code: 'key-ppk',
      hint: expect.stringContaining("bai key convert '/home/me/my keys/id.ppk' --to openssh"),
    }),
  );
});

function pem(type: 'rsa' | 'ec', form: 'pkcs1' | 'pkcs8' | 'sec1'): string {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ type: form, format: 'pem' }));
}

function openssh(type: string, passphrase = ''): string {
  using folder = tempFolder();
  const path = join(folder.path, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', path]);
  return execFileSync('cat', [path], { encoding: 'utf8' });
}

/** The public half as ssh-keygen reads it, without a comment. */
function keygen(text: string): string {
  using folder = tempFolder();
  const path = join(folder.path, 'key');
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  const line = execFileSync('ssh-keygen', ['-y', '-P', '', '-f', path], { encoding: 'utf8' });
  return line.trim().split(' ').slice(0, 2).join(' ');
}
